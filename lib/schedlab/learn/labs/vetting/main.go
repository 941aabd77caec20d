// vetting reads the Go files of a folder and names, as JSON, what a lab does
// not take: whatever reaches past the language into the memory, the build or
// the recording that a check takes its evidence from.
//
//	./vetting FOLDER
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A refusal is one thing that a lab does not take. Line counts from 1.
type refusal struct {
	File string `json:"file"`
	Line int    `json:"line"`
	What string `json:"what"`
	Why  string `json:"why"`
}

var refusedImports = map[string]string{
	"C":                "it needs a C compiler, and C can write to any memory",
	"net/http/pprof":   "it records the trace that the check records",
	"os/exec":          "a lab runs as one process",
	"plugin":           "it loads code that was not looked at",
	"runtime/cgo":      "it reaches into the runtime",
	"runtime/coverage": "it reaches into the runtime",
	"runtime/trace":    "the check records the trace",
	"unsafe":           "it can write to any memory, the scheduler's too",
}

// Names by package, each the beginning of what is refused.
var refusedNames = map[string][]string{
	"os": {"StartProcess", "FindProcess"},
	"syscall": {
		"AllThreadsSyscall", "Exec", "Exit", "ForkExec", "Kill", "Ptrace",
		"RawSyscall", "StartProcess", "Syscall", "Tgkill",
	},
}

var refusedDirectives = []string{"//go:linkname", "//go:cgo_", "//go:embed"}

func main() {
	names, err := filepath.Glob(filepath.Join(os.Args[1], "*.go"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	found := []refusal{}
	for _, name := range names {
		found = append(found, vet(name)...)
	}
	json.NewEncoder(os.Stdout).Encode(found)
}

// vet looks at one file. What does not parse is left to the compiler, whose
// words are better.
func vet(name string) []refusal {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	var found []refusal
	add := func(at token.Pos, what, why string) {
		found = append(found, refusal{filepath.Base(name), files.Position(at).Line, what, why})
	}
	watched := map[string]string{}
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		if why, refused := refusedImport(path); refused {
			add(spec.Pos(), "import "+spec.Path.Value, why)
		}
		if refusedNames[path] == nil {
			continue
		}
		if spec.Name == nil {
			watched[path] = path
		} else if spec.Name.Name == "." {
			add(spec.Pos(), "import . "+spec.Path.Value, "its names must be seen to be its names")
		} else {
			watched[spec.Name.Name] = path
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, is := node.(*ast.SelectorExpr); is {
			if left, is := selector.X.(*ast.Ident); is && refusedName(watched[left.Name], selector.Sel.Name) {
				add(selector.Pos(), left.Name+"."+selector.Sel.Name, "it goes past the Go runtime")
			}
		}
		return true
	})
	for _, group := range file.Comments {
		for _, comment := range group.List {
			for _, directive := range refusedDirectives {
				if strings.HasPrefix(comment.Text, directive) {
					add(comment.Pos(), directive, "it changes what is built")
				}
			}
		}
	}
	return found
}

func refusedImport(path string) (string, bool) {
	if why, refused := refusedImports[path]; refused {
		return why, true
	}
	first, _, _ := strings.Cut(path, "/")
	if strings.Contains(first, ".") || first == "internal" || first == "schedlab" {
		return "a lab takes the standard library only", true
	}
	return "", false
}

func refusedName(path, name string) bool {
	for _, beginning := range refusedNames[path] {
		if strings.HasPrefix(name, beginning) {
			return true
		}
	}
	return false
}
