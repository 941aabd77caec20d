// corpus is a set of small programs in one: some leak goroutines, some only
// look as if they did. Each is a case with a name; its step is done again
// and again, while net/http/pprof answers on a port of the loopback address.
//
// The line on which a case's goroutines stay for ever bears a comment
// "leak: NAME". Cases of held are not looked at while detectors are tuned.
//
//	./corpus -list
//	./corpus -case send_early_return -for 10s
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"time"
)

// A program is one case.
type program struct {
	name  string
	leaky bool
	start func()        // done once, if there is one
	step  func()        // done again and again, if there is one
	every time.Duration // the time between two steps; 40 ms if none is given
	where string        // the function to be named, where no line of ours is on the stack
}

type listed struct {
	Name  string `json:"name"`
	Leaky bool   `json:"leaky"`
	Held  bool   `json:"held"`
	Where string `json:"where"`
}

const step = 40 * time.Millisecond

func main() {
	list := flag.Bool("list", false, "print what cases there are, as JSON")
	name := flag.String("case", "", "the case to run")
	length := flag.Duration("for", time.Minute, "when the program ends")
	flag.Parse()
	if *list {
		json.NewEncoder(os.Stdout).Encode(all())
		return
	}
	p := find(*name)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	go http.Serve(listener, nil)
	if p.start != nil {
		p.start()
	}
	fmt.Printf("{\"address\":%q}\n", listener.Addr().String())

	end := time.After(*length)
	every := p.every
	if every == 0 {
		every = step
	}
	ticks := time.NewTicker(every)
	for {
		select {
		case <-ticks.C:
			if p.step != nil {
				p.step()
			}
		case <-end:
			return
		}
	}
}

// all lists the cases; of each sort, every third one is held out.
func all() []listed {
	var cases []listed
	for _, programs := range [][]program{leaky(), healthy} {
		for i, p := range programs {
			cases = append(cases, listed{p.name, p.leaky, i%3 == 2, p.where})
		}
	}
	return cases
}

func leaky() []program {
	programs := append(append([]program{}, channels...), others...)
	for i := range programs {
		programs[i].leaky = true
	}
	return programs
}

func find(name string) program {
	for _, programs := range [][]program{leaky(), healthy} {
		for _, p := range programs {
			if p.name == name {
				return p
			}
		}
	}
	fail(fmt.Errorf("corpus: there is no case %q; -list shows all", name))
	panic("unreachable")
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// compute keeps a processor busy for a while, some microseconds.
func compute() int {
	x := 1
	for i := range 5_000 {
		x = x*31 + i
	}
	return x
}
