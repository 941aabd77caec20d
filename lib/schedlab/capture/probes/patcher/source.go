package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// missing says what a release's source lacks.
type missing struct {
	File   string `json:"file"`
	Symbol string `json:"symbol"`
	Anchor string `json:"anchor"`
}

// tree holds the runtime's files that were asked for.
type tree struct {
	folder string
	files  map[string]*source
}

func newTree(folder string) *tree { return &tree{folder, map[string]*source{}} }

// source is one file, and what is to be changed in it.
type source struct {
	name  string
	text  []byte
	set   *token.FileSet
	file  *ast.File
	edits []edit
}

// edit puts text in the place of what stands between two offsets.
type edit struct {
	from, to int
	text     string
}

func (t *tree) source(name string) *source {
	if s := t.files[name]; s != nil {
		return s
	}
	text, err := os.ReadFile(filepath.Join(t.folder, name))
	if err != nil {
		panic(missing{name, name, "the file"})
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		fail(err)
	}
	t.files[name] = &source{name: name, text: text, set: set, file: file}
	return t.files[name]
}

// hooks are the files with the hooks, by name, importing the package of
// atomics from where this release has it (it moved with Go 1.23).
func (t *tree) hooks(folder string) map[string][]byte {
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(names) == 0 {
		fail(fmt.Errorf("no Go file in %q", folder))
	}
	atomics := t.source("proc.go").imported("atomic")
	texts := map[string][]byte{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			fail(err)
		}
		changed := strings.Replace(string(text), `"internal/runtime/atomic"`, atomics, 1)
		texts[filepath.Base(name)] = []byte(changed)
	}
	return texts
}

// imported is the path, in quotes, of the imported package of that name.
func (s *source) imported(name string) string {
	for _, spec := range s.file.Imports {
		if strings.HasSuffix(spec.Path.Value, "/"+name+`"`) {
			return spec.Path.Value
		}
	}
	panic(missing{s.name, "import", "a package named " + name})
}

// function is the declaration with the first of these names that there is; a
// method is known by its own name.
func (s *source) function(names ...string) *ast.FuncDecl {
	for _, name := range names {
		for _, declared := range s.file.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok && f.Name.Name == name && f.Body != nil {
				return f
			}
		}
	}
	panic(missing{s.name, strings.Join(names, " or "), "the function"})
}

func (s *source) lacks(f *ast.FuncDecl, anchor string) missing {
	return missing{s.name, f.Name.Name, anchor}
}

func (s *source) replace(node ast.Node, text string) {
	s.change(node.Pos(), node.End(), text)
}

// before puts a statement in front of another, in its line.
func (s *source) before(node ast.Node, text string) {
	s.change(node.Pos(), node.Pos(), text+"; ")
}

func (s *source) after(node ast.Node, text string) {
	s.change(node.End(), node.End(), "; "+text)
}

// enter makes a statement the first of a function.
func (s *source) enter(f *ast.FuncDecl, text string) {
	at := f.Body.Lbrace + 1
	s.change(at, at, " "+text+";")
}

func (s *source) afterBrace(structure *ast.StructType, text string) {
	at := structure.Fields.Opening + 1
	s.change(at, at, " "+text)
}

func (s *source) change(from, to token.Pos, text string) {
	s.edits = append(s.edits, edit{s.set.Position(from).Offset, s.set.Position(to).Offset, text})
}

// edited is the changed text, nil if nothing was changed.
func (s *source) edited() []byte {
	if len(s.edits) == 0 {
		return nil
	}
	slices.SortStableFunc(s.edits, func(a, b edit) int { return a.from - b.from })
	var out []byte
	at := 0
	for _, e := range s.edits {
		out = append(append(out, s.text[at:e.from]...), e.text...)
		at = e.to
	}
	return append(out, s.text[at:]...)
}
