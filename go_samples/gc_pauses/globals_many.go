//go:build globals

package main

// 32 MiB of pointers that the collector has to read.
var globals [4 << 20]*block
