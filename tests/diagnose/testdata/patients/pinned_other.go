//go:build !linux

package main

import "patients/program"

// Elsewhere a program cannot say on which CPU a thread is to run.
var pinned, laterPinned []program.Program
