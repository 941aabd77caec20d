// exectrace reads a Go execution trace and writes the columns of a timeline,
// each to a file of its own in a folder, and meta.json last.
//
//	exectrace -o FOLDER FILE     (or - for standard input)
//	exectrace -bare FILE         (reads the events and counts them: the speed to compare with)
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"strings"

	"golang.org/x/exp/trace"
)

type meta struct {
	Format     int            `json:"format"`
	Events     int64          `json:"events"`
	BytesRead  int64          `json:"bytes_read"`
	BytesLost  int64          `json:"bytes_lost"`
	DurationNS int64          `json:"duration_ns"`
	Rows       map[string]int `json:"rows"`
	Reasons    []string       `json:"reasons"`
	Threads    []int64        `json:"threads"`
	Texts      []string       `json:"texts"`
	// Lost says what could not be read and why, if anything could not.
	Lost string `json:"lost"`
	// Reader is the import path of the trace reader in use.
	Reader string `json:"reader"`
}

// Nearly all that is allocated lives as long as its generation; collecting
// more rarely than by default costs memory of a few generations.
const gcPercent = 200

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
	if bare {
		return count(input)
	}
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return errors.New("columns are written on little-endian machines only")
	}
	debug.SetGCPercent(gcPercent)
	return columns(newBatches(input), folder)
}

func count(input io.Reader) error {
	reader, err := trace.NewReader(bufio.NewReaderSize(input, 1<<20))
	if err != nil {
		return err
	}
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

// columns reads the whole trace. Where a generation cannot be read to its
// end it goes on with the next one.
func columns(in *batches, folder string) error {
	reader, err := openTrace(in)
	if err != nil {
		return err
	}
	c := newConverter(folder)
	var lost losses
	base := 0
	for {
		before, events := c.syncs, c.events
		failed := c.convert(reader)
		if failed == nil {
			break
		}
		generation := max(base, base+c.syncs-before-1)
		base = in.restart(generation)
		until := c.last
		if c.events == events {
			until = 0
		}
		lost.note(failed, generation, base, until)
		c.interrupt()
		if base == len(in.starts) {
			break
		}
		if reader, err = openTrace(in); err != nil {
			return err
		}
	}
	c.interrupt()
	in.drain()
	if text := lost.text(in); text != "" && c.events == int64(c.syncs) {
		return fmt.Errorf("nothing of it can be read: %s", text)
	}
	return c.write(folder, in, &lost)
}

// openTrace is trace.NewReader. That reads the whole of a trace of Go before
// 1.22, and what is damaged in one can make it panic.
func openTrace(in *batches) (reader *trace.Reader, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = gaveUp(reason)
		}
		if err != nil && 0 < in.release && in.release < 22 {
			err = fmt.Errorf("the trace has the format of Go 1.%d: %w", in.release, err)
		}
	}()
	return trace.NewReader(in)
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
		lastThread: trace.NoThread,
		begun:      map[markKey][]mark{},
		reasons:    map[string]uint16{"": 0},
		reasonList: []string{""},
	}
	return c
}

func (c *converter) write(folder string, in *batches, lost *losses) error {
	for _, part := range []interface{ flush() error }{c.spans, c.marks, c.counters, c.samples, c.goroutines, c.in} {
		if err := part.flush(); err != nil {
			return err
		}
	}
	content, err := json.Marshal(meta{
		Format: 3, Events: c.events, BytesRead: in.taken, BytesLost: lost.bytes(in),
		DurationNS: int64(c.last - c.first),
		Rows: map[string]int{
			"spans": c.spans.rows, "marks": c.marks.rows, "counters": c.counters.rows,
			"samples": c.samples.rows, "goroutines": c.goroutines.ids.rows,
			"creations": c.goroutines.creations.rows, "endings": c.goroutines.endings.rows,
			"sightings": c.goroutines.sightings.rows,
		},
		Reasons: c.reasonList, Threads: c.threadIDs, Texts: c.in.textList, Lost: lost.text(in),
		Reader: reflect.TypeFor[trace.Reader]().PkgPath(),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "meta.json"), content, 0o600)
}

// firstLine cuts an error of the trace reader, which may go on for pages
// with the state of every goroutine.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimRight(strings.ToValidUTF8(line[:min(len(line), 200)], ""), ": ")
}
