package main

import (
	"fmt"
	"go/ast"
	"go/token"
)

// overrides are what is to be otherwise than in the release; zero changes nothing.
type overrides struct {
	localQueue  int
	globalEvery int
	globalBatch int
	timeSlice   int64
	noStealing  bool
	noRunnext   bool
}

// The time slice of all releases, and with it sysmon's longest sleep.
const tenMilliseconds = 10_000_000

func (o overrides) put(t *tree) {
	proc := t.source("proc.go")
	if o.localQueue != 0 {
		t.source("runtime2.go").queueField(o.localQueue)
		proc.queueBatch(o.localQueue)
	}
	if o.globalEvery != 0 {
		number, _ := proc.remainder(proc.function("findRunnable"))
		proc.replace(number, fmt.Sprint(o.globalEvery))
	}
	if o.globalBatch != 0 {
		proc.batch(o.globalBatch)
	}
	if o.timeSlice != 0 {
		proc.slice(o.timeSlice)
	}
	if o.noStealing {
		proc.enter(proc.function("runqsteal"), "return nil")
		// Who found another P's queue full would look again and again.
		proc.enter(proc.function("checkRunqsNoP"), "return nil")
	}
	if o.noRunnext {
		proc.enter(proc.function("runqput"), "next = false")
	}
}

// queueField changes the length of the field runq of a P.
func (s *source) queueField(length int) {
	var found *ast.ArrayType
	for _, field := range s.structure("p").Fields.List {
		if len(field.Names) == 1 && field.Names[0].Name == "runq" {
			found, _ = field.Type.(*ast.ArrayType)
		}
	}
	if found == nil {
		panic(missing{s.name, "p", "the field runq, an array"})
	}
	s.replace(found.Len, fmt.Sprint(length))
}

// queueBatch changes the array that runqgrab copies into: it is a queue, too.
func (s *source) queueBatch(length int) {
	grab := s.function("runqgrab")
	for _, field := range grab.Type.Params.List {
		if pointer, ok := field.Type.(*ast.StarExpr); ok {
			if array, ok := pointer.X.(*ast.ArrayType); ok {
				s.replace(array.Len, fmt.Sprint(length))
				return
			}
		}
	}
	panic(s.lacks(grab, "a parameter that points to an array"))
}

// batch limits how many goroutines a P takes from the global queue at once.
// Before Go 1.25 one function takes one or a batch, for which max is 0.
func (s *source) batch(most int) {
	take := s.function("globrunqgetbatch", "globrunqget")
	params := take.Type.Params.List
	if len(params) == 0 || len(params[len(params)-1].Names) != 1 {
		panic(s.lacks(take, "a parameter: how many at most"))
	}
	switch limit := params[len(params)-1].Names[0].Name; limit {
	case "n":
		s.enter(take, fmt.Sprintf("n = min(n, %d)", most))
	case "max":
		s.enter(take, fmt.Sprintf("if max == 0 { max = %d }", most))
	default:
		panic(s.lacks(take, "a parameter n or max"))
	}
}

// slice changes the time slice. sysmon, which looks for goroutines that overdo
// it, sleeps up to 10 ms: for a shorter slice it may sleep half a slice at most.
func (s *source) slice(ns int64) {
	s.replace(s.constant("forcePreemptNS"), fmt.Sprint(ns))
	if ns >= tenMilliseconds {
		return
	}
	most := fmt.Sprint(max(20, ns/2000))
	sysmon := s.function("sysmon")
	for _, statement := range statements(sysmon.Body, func(node ast.Node) bool {
		branch, ok := node.(*ast.IfStmt)
		return ok && compared(branch.Cond, "delay")
	}) {
		branch := statement.(*ast.IfStmt)
		assign, ok := branch.Body.List[0].(*ast.AssignStmt)
		if ok && named(assign.Lhs[0]) == "delay" {
			s.replace(branch.Cond.(*ast.BinaryExpr).Y, most)
			s.replace(assign.Rhs[0], most)
			return
		}
	}
	panic(s.lacks(sysmon, "delay > a number"))
}

func compared(condition ast.Expr, name string) bool {
	b, ok := condition.(*ast.BinaryExpr)
	return ok && b.Op == token.GTR && named(b.X) == name
}

func (s *source) constant(name string) ast.Expr {
	for _, declared := range s.file.Decls {
		group, ok := declared.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			value := spec.(*ast.ValueSpec)
			if value.Names[0].Name == name && len(value.Values) == 1 {
				return value.Values[0]
			}
		}
	}
	panic(missing{s.name, name, "the constant"})
}
