// exectrace reads a Go execution trace and writes the columns of a timeline,
// each to a file of its own in a folder, and meta.json last.
//
//	exectrace -o FOLDER FILE     (or - for standard input)
//	exectrace -bare FILE         (reads the events and counts them: the speed to compare with)
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/exp/trace"
)

type meta struct {
	Format     int            `json:"format"`
	Events     int64          `json:"events"`
	BytesRead  int64          `json:"bytes_read"`
	DurationNS int64          `json:"duration_ns"`
	Rows       map[string]int `json:"rows"`
	Reasons    []string       `json:"reasons"`
	Threads    []int64        `json:"threads"`
	Texts      []string       `json:"texts"`
	// Error is what stopped the reading before the end of the trace, if
	// anything did; what was read until then is in the columns.
	Error string `json:"error"`
}

func main() {
	folder := flag.String("o", "", "write the columns into this folder")
	bare := flag.Bool("bare", false, "only count the events")
	flag.Parse()
	if flag.NArg() != 1 || (*folder == "") != *bare {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *folder, *bare); err != nil {
		fmt.Fprintln(os.Stderr, firstLine(err.Error()))
		os.Exit(1)
	}
}

func run(name, folder string, bare bool) error {
	input := os.Stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		input = file
	}
	counted := &countingReader{r: bufio.NewReaderSize(input, 1<<20)}
	reader, err := trace.NewReader(counted)
	if err != nil {
		return err
	}
	if bare {
		return count(reader)
	}
	c := newConverter(folder)
	failed := c.convert(reader)
	c.finish()
	return c.write(folder, counted.n, failed)
}

func count(reader *trace.Reader) error {
	events := 0
	for {
		if _, err := reader.ReadEvent(); err == io.EOF {
			fmt.Println(events)
			return nil
		} else if err != nil {
			return err
		}
		events++
	}
}

func newConverter(folder string) *converter {
	c := &converter{
		in:         newInterned(folder),
		spans:      newSpanTable(folder),
		marks:      newMarkTable(folder),
		counters:   newCounterTable(folder),
		samples:    newSampleTable(folder),
		goroutines: newGoroutineTable(folder),
		live:       map[trace.GoID]*goroutine{},
		threads:    map[trace.ThreadID]int32{},
		openProc:   map[trace.ProcID]*open{},
		ranges:     map[rangeKey][]openMark{},
		reasons:    map[string]uint16{},
	}
	c.reason("")
	return c
}

func (c *converter) write(folder string, bytesRead int64, failed error) error {
	for _, part := range []interface{ flush() error }{c.spans, c.marks, c.counters, c.samples, c.goroutines, c.in} {
		if err := part.flush(); err != nil {
			return err
		}
	}
	m := meta{
		Format: 1, Events: c.events, BytesRead: bytesRead, DurationNS: int64(c.last - c.first),
		Rows: map[string]int{
			"spans": c.spans.rows, "marks": c.marks.rows, "counters": c.counters.rows,
			"samples": c.samples.rows, "goroutines": c.goroutines.ids.rows,
			"creations": c.goroutines.creations.rows, "endings": c.goroutines.endings.rows,
		},
		Reasons: c.reasonList, Threads: c.threadIDs, Texts: c.in.textList,
	}
	if failed != nil {
		m.Error = firstLine(failed.Error())
	}
	content, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "meta.json"), content, 0o600)
}

// firstLine cuts an error of the trace reader, which may go on for pages
// with the state of every goroutine.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line[:min(len(line), 200)]
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
