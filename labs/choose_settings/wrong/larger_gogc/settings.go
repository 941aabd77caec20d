// Wrong: enough for the quiet hours is too much for the busy one.
package main

const (
	// As the variable GOGC: how much may be made before the next collection, in
	// percent of what was kept after the last one. -1 is off.
	gogc = 800
	// As GOMEMLIMIT, in MiB; 0 is none.
	memoryLimitMiB = 0
)
