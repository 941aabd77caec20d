// confined tries what a confined program may not do, and prints one line of
// JSON: for each attempt the error, empty if there was none.
//
//	./confined OUTSIDE INSIDE
package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

func main() {
	outside, inside := os.Args[1], os.Args[2]
	attempts := map[string]func() error{
		"start": func() error { return exec.Command("/bin/true").Run() },
		"exec":  func() error { return execute() },
		"signal": func() error {
			parent, _ := os.FindProcess(os.Getppid())
			return parent.Signal(syscall.Signal(0))
		},
		"write_outside": func() error { return os.WriteFile(filepath.Join(outside, "new"), nil, 0o600) },
		"change_outside": func() error {
			file, err := os.OpenFile(filepath.Join(outside, "old"), os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				file.Close()
			}
			return err
		},
		"remove_outside": func() error { return os.Remove(filepath.Join(outside, "old")) },
		"rename_outside": func() error {
			return os.Rename(filepath.Join(outside, "old"), filepath.Join(inside, "moved"))
		},
		"folder_outside": func() error { return os.Mkdir(filepath.Join(outside, "folder"), 0o700) },
		"link_outside":   func() error { return os.Symlink("old", filepath.Join(outside, "link")) },
		"read_outside": func() error {
			_, err := os.ReadFile(filepath.Join(outside, "old"))
			return err
		},
		"own_memory": func() error {
			file, err := os.OpenFile("/proc/self/mem", os.O_RDWR, 0)
			if err == nil {
				file.Close()
			}
			return err
		},
		"write_inside": func() error { return os.WriteFile(filepath.Join(inside, "new"), []byte("x"), 0o600) },
		"long_file": func() error {
			return os.WriteFile(filepath.Join(inside, "long"), make([]byte, 2<<20), 0o600)
		},
		"threads": func() error { return threads(50) },
		"discard": func() error { return os.WriteFile(os.DevNull, []byte("x"), 0) },
	}
	// exec comes last: it would end the program.
	said := map[string]string{}
	for name, try := range attempts {
		if name != "exec" {
			said[name] = words(try())
		}
	}
	said["exec"] = words(attempts["exec"]())
	json.NewEncoder(os.Stdout).Encode(said)
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func execute() error {
	return syscall.Exec("/bin/true", []string{"true"}, nil)
}

// threads blocks n threads in a system call, and says if there are fewer.
func threads(n int) error {
	done := make(chan struct{}, n)
	ends := make([]int, 0, n)
	for range n {
		var pipe [2]int
		if err := syscall.Pipe(pipe[:]); err != nil {
			return err
		}
		ends = append(ends, pipe[1])
		go func() {
			syscall.Read(pipe[0], make([]byte, 1))
			done <- struct{}{}
		}()
	}
	most := 0
	for most < n {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		most = max(most, len(tasks))
		if len(tasks) > 10*n {
			return errors.New(strconv.Itoa(len(tasks)))
		}
	}
	for _, end := range ends {
		syscall.Write(end, []byte{1})
	}
	for range n {
		<-done
	}
	return nil
}
