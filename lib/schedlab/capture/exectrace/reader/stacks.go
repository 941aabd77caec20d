package main

import (
	"encoding/binary"

	"golang.org/x/exp/trace"
)

// noStack is the number of the empty stack.
const noStack uint32 = 0

// interned gives every different text, frame and stack one number for the
// whole trace. The reader's own handles are good for one generation only.
type interned struct {
	texts      map[string]uint32
	textList   []string
	frames     map[frame]uint32
	stacks     map[string]uint32
	ofHandle   map[trace.Stack]uint32
	frameTable frameTable
	stackTable stackTable
	key        []byte
}

type frame struct {
	function, file uint32
	line           uint32
}

type frameTable struct {
	table
	function, file, line *column[uint32]
}

// Stack number s has the frames frame[start[s]:start[s+1]], leaf first.
type stackTable struct {
	table
	start *column[uint32]
	flat  table
	frame *column[uint32]
}

func newInterned(folder string) *interned {
	in := &interned{
		texts:    map[string]uint32{},
		frames:   map[frame]uint32{},
		stacks:   map[string]uint32{},
		ofHandle: map[trace.Stack]uint32{},
	}
	in.frameTable.table = table{folder: folder, name: "frames"}
	in.frameTable.function = newColumn[uint32](&in.frameTable.table, "function")
	in.frameTable.file = newColumn[uint32](&in.frameTable.table, "file")
	in.frameTable.line = newColumn[uint32](&in.frameTable.table, "line")
	in.stackTable.table = table{folder: folder, name: "stacks"}
	in.stackTable.start = newColumn[uint32](&in.stackTable.table, "start")
	in.stackTable.flat = table{folder: folder, name: "stacks"}
	in.stackTable.frame = newColumn[uint32](&in.stackTable.flat, "frame")
	in.text("")
	in.addStack(nil)
	return in
}

func (in *interned) text(s string) uint32 {
	if number, known := in.texts[s]; known {
		return number
	}
	number := uint32(len(in.textList))
	in.texts[s] = number
	in.textList = append(in.textList, s)
	return number
}

// forget drops the handles of the generation that ended.
func (in *interned) forget() { clear(in.ofHandle) }

func (in *interned) stack(handle trace.Stack) uint32 {
	if handle == trace.NoStack {
		return noStack
	}
	if number, known := in.ofHandle[handle]; known {
		return number
	}
	in.key = in.key[:0]
	for f := range handle.Frames() {
		in.key = binary.LittleEndian.AppendUint32(in.key, in.frame(f))
	}
	number, known := in.stacks[string(in.key)]
	if !known {
		number = in.addStack(in.key)
	}
	in.ofHandle[handle] = number
	return number
}

func (in *interned) frame(f trace.StackFrame) uint32 {
	key := frame{in.text(f.Func), in.text(f.File), uint32(f.Line)}
	if number, known := in.frames[key]; known {
		return number
	}
	number := uint32(len(in.frames))
	in.frames[key] = number
	row := in.frameTable.row()
	in.frameTable.function.set(row, key.function)
	in.frameTable.file.set(row, key.file)
	in.frameTable.line.set(row, key.line)
	return number
}

func (in *interned) addStack(key []byte) uint32 {
	t := &in.stackTable
	number := uint32(t.rows)
	in.stacks[string(key)] = number
	t.start.set(t.row(), uint32(t.flat.rows))
	for ; len(key) > 0; key = key[4:] {
		t.frame.set(t.flat.row(), binary.LittleEndian.Uint32(key))
	}
	return number
}

func (in *interned) flush() error {
	t := &in.stackTable
	t.start.set(t.row(), uint32(t.flat.rows))
	for _, part := range []*table{&in.frameTable.table, &t.table, &t.flat} {
		if err := part.flush(); err != nil {
			return err
		}
	}
	return nil
}
