package main

import "testing"

// kernels are the tests of each kernel, by its name. The benchmark writes
// this file anew, with those of a checkout of GoBench.
var kernels = map[string][]func(*testing.T){}
