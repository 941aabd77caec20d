package main

import (
	"bufio"
	"os"
	"path/filepath"
	"unsafe"
)

// number is what a column can hold. Columns are little-endian on every
// machine that Go's race-free unsafe view below is right for; main refuses
// the others.
type number interface {
	~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32 | ~int64 | ~uint64 | ~float64
}

// A table is a set of columns of equal length, a file each. Python maps the
// files into memory as they are.
type table struct {
	folder  string
	name    string
	columns []flusher
	rows    int
}

type flusher interface{ flush() error }

// A column collects values and writes them out in large pieces.
type column[T number] struct {
	values []T
	file   *bufio.Writer
	closer *os.File
	err    error
}

const columnChunk = 1 << 14

func newColumn[T number](t *table, name string) *column[T] {
	c := &column[T]{values: make([]T, 0, columnChunk)}
	t.columns = append(t.columns, c)
	file, err := os.Create(filepath.Join(t.folder, t.name+"."+name))
	if err != nil {
		c.err = err
		return c
	}
	c.closer, c.file = file, bufio.NewWriterSize(file, 1<<16)
	return c
}

func (c *column[T]) add(value T) {
	c.values = append(c.values, value)
	if len(c.values) == cap(c.values) {
		c.write()
	}
}

func (c *column[T]) write() {
	if c.err == nil && len(c.values) > 0 {
		size := int(unsafe.Sizeof(c.values[0])) * len(c.values)
		_, c.err = c.file.Write(unsafe.Slice((*byte)(unsafe.Pointer(&c.values[0])), size))
	}
	c.values = c.values[:0]
}

func (c *column[T]) flush() error {
	c.write()
	if c.closer == nil {
		return c.err
	}
	if err := c.file.Flush(); c.err == nil {
		c.err = err
	}
	if err := c.closer.Close(); c.err == nil {
		c.err = err
	}
	return c.err
}

func (t *table) flush() error {
	for _, c := range t.columns {
		if err := c.flush(); err != nil {
			return err
		}
	}
	return nil
}
