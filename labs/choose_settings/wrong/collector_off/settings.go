// Wrong: no collection at all, and all that was ever made is kept.
package main

const (
	// As the variable GOGC: how much may be made before the next collection, in
	// percent of what was kept after the last one. -1 is off.
	gogc = -1
	// As GOMEMLIMIT, in MiB; 0 is none.
	memoryLimitMiB = 0
)
