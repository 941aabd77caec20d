// Package slow asks a C library that takes long to answer, as a driver or a
// decoder does. A call is out until there is a byte on standard input, or its
// end: whoever runs the program decides how long a call takes.
package slow

/*
#include <errno.h>
#include <unistd.h>

static unsigned long long answer(unsigned long long question) {
	char byte;
	while (read(0, &byte, 1) < 0 && errno == EINTR) {
	}
	// The mixing of splitmix64, so that no answer can be guessed.
	question += 0x9e3779b97f4a7c15ULL;
	question = (question ^ (question >> 30)) * 0xbf58476d1ce4e5b9ULL;
	question = (question ^ (question >> 27)) * 0x94d049bb133111ebULL;
	return question ^ (question >> 31);
}
*/
import "C"

// Answer asks C. The thread that calls is in C until C is back.
func Answer(question uint64) uint64 { return uint64(C.answer(C.ulonglong(question))) }
