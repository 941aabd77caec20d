package report

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// WaitedNS says for how long this process's threads, all together, were ready
// to run and had no CPU. It is -1 where the kernel does not say so.
func WaitedNS() int64 {
	files, err := filepath.Glob("/proc/self/task/*/schedstat")
	if err != nil || len(files) == 0 {
		return -1
	}
	total := int64(0)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // That thread has ended.
		}
		// Time on a CPU, time waited for one, time slices.
		fields := strings.Fields(string(text))
		if len(fields) < 2 {
			return -1
		}
		waited, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return -1
		}
		total += waited
	}
	return total
}
