// Wrong: less than what the busy hour keeps. The collector runs without end.
package main

const (
	// As the variable GOGC: how much may be made before the next collection, in
	// percent of what was kept after the last one. -1 is off.
	gogc = 100
	// As GOMEMLIMIT, in MiB; 0 is none.
	memoryLimitMiB = 32
)
