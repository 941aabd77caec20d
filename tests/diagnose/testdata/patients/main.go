// patients is a set of small programs in one: some are scheduled badly in one
// way, some only look as if they were. Each is a case with a name, and ends
// by itself.
//
// A line that is responsible for what a case suffers from bears a comment
// "ill: NAME"; where a whole loop is responsible, each of its lines does.
//
// Watch for: what a diagnosis says of each -case, and that it says nothing
// of those that are well. Cases that are held out are not looked at while
// detectors are tuned.
//
//	./patients -list
//	./patients -case starvation -for 1s
package main

import (
	"slices"

	"patients/program"
)

func main() {
	known := slices.Concat(ill, pinned, well, laterIll, laterPinned, laterWell)
	strangers := program.HeldOut(slices.Concat(strangersIll, strangersPinned, strangersWell)...)
	program.Main(slices.Concat(known, strangers))
}
