package main

import (
	"os"
	"path/filepath"
	"unsafe"
)

// number is what a column can hold. Columns are little-endian on every
// machine that Go's race-free unsafe view below is right for; main refuses
// the others.
type number interface {
	~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32 | ~int64 | ~uint64
}

// chunkRows is how many rows a table collects before it writes them. It is a
// power of two: a row number masked with it needs no bounds check.
const chunkRows = 1 << 12

// A table is a set of columns of equal length, a file each. Python maps the
// files into memory as they are.
type table struct {
	folder  string
	name    string
	columns []writer
	used    int
	rows    int
	err     error
}

type writer interface {
	write(rows int) error
	close() error
}

// A column holds the rows that are not yet in its file.
type column[T number] struct {
	values [chunkRows]T
	file   *os.File
}

func newColumn[T number](t *table, name string) *column[T] {
	file, err := os.Create(filepath.Join(t.folder, t.name+"."+name))
	if t.err == nil {
		t.err = err
	}
	c := &column[T]{file: file}
	t.columns = append(t.columns, c)
	return c
}

// row is the place for the next row. Its caller sets every column there.
func (t *table) row() int {
	if t.used == chunkRows {
		t.write()
	}
	row := t.used
	t.used++
	t.rows++
	return row
}

func (c *column[T]) set(row int, value T) { c.values[row&(chunkRows-1)] = value }

func (t *table) write() {
	for _, c := range t.columns {
		if t.err == nil {
			t.err = c.write(t.used)
		}
	}
	t.used = 0
}

func (c *column[T]) write(rows int) error {
	size := int(unsafe.Sizeof(c.values[0])) * rows
	_, err := c.file.Write(unsafe.Slice((*byte)(unsafe.Pointer(&c.values)), size))
	return err
}

func (c *column[T]) close() error { return c.file.Close() }

// flush writes what is left, and says what went wrong first, if anything did.
func (t *table) flush() error {
	t.write()
	for _, c := range t.columns {
		if err := c.close(); t.err == nil {
			t.err = err
		}
	}
	return t.err
}
