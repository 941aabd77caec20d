//go:build !cgo

package slow

// Answer cannot ask: the program was built without a C compiler.
func Answer(uint64) uint64 {
	panic("slow.Answer calls C, and there was no C compiler (gcc or clang) to build it with")
}
