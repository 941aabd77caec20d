package main

import "go/ast"

// putProbes puts the calls of the hooks into the runtime.
func putProbes(t *tree) {
	proc := t.source("proc.go")
	proc.beginAndEnd(t)
	proc.origins()
	proc.stealing()
	proc.goroutines()
	proc.preemption()
	proc.processors()
	proc.spinning()
	coro := t.source("coro.go")
	coro.enter(coro.function("coroswitch_m"), "schedlabCount(schedlabCoroswitch)")
}

// beginAndEnd sets the counters up with each P, and writes them at the end:
// when main returns, in os.Exit, after a panic and after a fatal error.
func (s *source) beginAndEnd(t *tree) {
	main := s.function("main")
	s.enter(main, "schedlabStart()")
	s.before(s.calls(main, "exit")[0], "schedlabWrite()")
	s.enter(s.method("p", "init"), "schedlabInit(pp, id)")
	// The address of a P's slot, in the P's first line of memory.
	kinds := t.source("runtime2.go")
	kinds.afterBrace(kinds.structure("p"), "schedlab uintptr;")

	runtime := t.source("runtime.go")
	exit := runtime.function("syscall_Exit")
	runtime.before(runtime.calls(exit, "exit")[0], "schedlabWrite()")

	panics := t.source("panic.go")
	for _, name := range []string{"fatalthrow", "fatalpanic"} {
		ends := panics.calls(panics.function(name), "exit")
		panics.before(ends[len(ends)-1], "schedlabWrite()")
	}
}

func (s *source) method(receiver, name string) *ast.FuncDecl {
	for _, declared := range s.file.Decls {
		f, ok := declared.(*ast.FuncDecl)
		if !ok || f.Name.Name != name || f.Recv == nil {
			continue
		}
		if star, ok := f.Recv.List[0].Type.(*ast.StarExpr); ok && named(star.X) == receiver {
			return f
		}
	}
	panic(missing{s.name, receiver + "." + name, "the method"})
}

// origins notes in findRunnable where the goroutine that it returns was found:
// what it called last that can find one. execute then counts it.
func (s *source) origins() {
	find := s.function("findRunnable")
	_, tick := s.remainder(find)
	finders := map[string]string{
		"traceReader":                       "schedlabFound(schedlabRunTraceReader)",
		"gcController.findRunnableGCWorker": "schedlabFound(schedlabRunGcWorker)",
		"runqget":                           "schedlabFoundLocal(inheritTime)",
		"netpoll":                           "schedlabFound(schedlabRunNetpoll)",
		"stealWork":                         "",
		"gcBgMarkWorkerPool.pop":            "schedlabFound(schedlabRunGcWorker)",
		"beforeIdle":                        "schedlabFound(schedlabRunOther)",
		"checkIdleGCNoP":                    "schedlabFound(schedlabRunGcWorker)",
		"globrunqget":                       "schedlabFound(schedlabRunGlobal)",
		"globrunqgetbatch":                  "schedlabFound(schedlabRunGlobal)",
	}
	seen := map[string]bool{}
	last := "none"
	ast.Inspect(find.Body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr:
			name := callee(node)
			hook, ok := finders[name]
			if !ok {
				break
			}
			if name == "globrunqget" && tick.Pos() < node.Pos() && node.Pos() < tick.End() {
				hook = "schedlabFound(schedlabRunGlobalTick)"
			}
			seen[name], last = true, hook
		case *ast.ReturnStmt:
			if len(node.Results) != 3 || !notNil(node.Results[0]) {
				break
			}
			if last == "none" {
				panic(s.lacks(find, "a known call that finds a goroutine before each return of one"))
			}
			if last != "" {
				s.before(node, last)
			}
		}
		return true
	})
	for name := range finders {
		// Until Go 1.24 one function took one or many.
		if !seen[name] && name != "globrunqgetbatch" {
			panic(s.lacks(find, "a call of "+name))
		}
	}
	s.enter(s.function("execute"), "schedlabRun(gp)")

	park := s.function("park_m")
	s.before(s.calls(park, "execute")[0], "schedlabFound(schedlabRunUnparked)")
	exit := s.function("exitsyscallNoP", "exitsyscall0")
	s.after(s.calls(exit, "acquirep")[0], "schedlabFound(schedlabRunSyscallExit)")
	s.regained()
}

// regained notes that a goroutine's thread came out of a system call, had lost
// its P and took another (or the same) at once. No run queue sees that.
func (s *source) regained() {
	try := s.function("exitsyscallTryGetP", "exitsyscallfast_pidle")
	for _, r := range s.returns(try, "a return of a P", func(e ast.Expr) bool {
		return named(e) != "nil" && named(e) != "false"
	}) {
		s.before(r, "schedlabCount(schedlabSyscallRegained)")
	}
}

func (s *source) stealing() {
	steal := s.function("runqsteal")
	s.after(s.calls(steal, "runqgrab")[0], "schedlabGrabbed(p2, n)")

	work := s.function("stealWork")
	last := ""
	ast.Inspect(work.Body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr:
			switch callee(node) {
			case "runqget":
				last = "schedlabFound(schedlabRunStolenTimer)"
			case "runqsteal":
				last = "schedlabStole(gp)"
			}
		case *ast.ReturnStmt:
			if len(node.Results) > 0 && notNil(node.Results[0]) {
				if last == "" {
					panic(s.lacks(work, "a call of runqget or runqsteal before each return of a goroutine"))
				}
				s.before(node, last)
			}
		}
		return true
	})
	s.calls(work, "runqget")
	s.calls(work, "runqsteal")
}

func (s *source) goroutines() {
	create := s.function("newproc1")
	made := s.returns(create, "return newg", isName("newg"))
	s.before(made[len(made)-1], "schedlabNoteOwn(schedlabCreate, newg, callergp.goid, 0)")
	s.enter(s.function("goexit0"), "schedlabNoteOwn(schedlabExit, gp, 0, 0)")
	s.enter(s.function("park_m"), "schedlabNoteOwn(schedlabPark, gp, 0, uint32(gp.waitreason))")
	s.enter(s.function("ready"), "schedlabNoteOwn(schedlabReady, gp, schedlabCurrent(), 0)")
	inject := s.function("injectglist")
	s.after(s.calls(inject, "casgstatus")[0], "schedlabNote(schedlabReadyNetpoll, gp, 0, 0)")

	slow := s.function("runqputslow")
	s.before(s.calls(slow, "globrunqputbatch")[0], "schedlabOverflowed(gp, n+1)")
	s.enter(s.function("globrunqput"), "schedlabCount(schedlabGlobalPut)")
}

func (s *source) preemption() {
	one := s.function("preemptone")
	asked := s.returns(one, "return true", isName("true"))
	s.before(asked[len(asked)-1], "schedlabNote(schedlabPreemptRequest, gp, uint64(pp.id), 0)")
	s.enter(s.function("goschedImpl"), "schedlabYielded(gp, preempted)")
	s.enter(s.function("goyield_m"), "schedlabNote(schedlabYield, gp, 0, 0)")
	park := s.function("preemptPark")
	s.before(s.calls(park, "dropg")[0], "schedlabNote(schedlabPreemptPark, gp, 0, 0)")

	retake := s.function("retake")
	s.after(s.calls(retake, "preemptone")[0], "schedlabNote(schedlabRetakeRunning, nil, uint64(pp.id), 0)")
	s.before(s.calls(retake, "handoffp")[0], "schedlabNote(schedlabRetakeSyscall, nil, uint64(pp.id), 0)")
}

func (s *source) processors() {
	s.enter(s.function("handoffp"), "schedlabNote(schedlabHandoff, nil, uint64(pp.id), 0)")
	s.enter(s.function("startlockedm"), "schedlabNote(schedlabLockedHandoff, gp, 0, 0)")
	wake := s.function("wakep")
	s.enter(wake, "schedlabCount(schedlabWakep)")
	s.before(s.calls(wake, "startm")[0], "schedlabNote(schedlabWakepWoke, nil, uint64(pp.id), 0)")
}

func (s *source) spinning() {
	s.enter(s.method("m", "becomeSpinning"), "schedlabNote(schedlabSpinStart, nil, 0, 0)")
	s.enter(s.function("startm"), "schedlabStarted(pp, spinning)")
	s.enter(s.function("resetspinning"), "schedlabNote(schedlabSpinFound, nil, 0, 0)")
	find := s.function("findRunnable")
	s.after(s.assigned(find, "spinning", "false")[0], "schedlabNote(schedlabSpinGaveUp, nil, 0, 0)")
	stop := s.function("gcstopm")
	s.after(s.assigned(stop, "spinning", "false")[0], "schedlabNote(schedlabSpinStopped, nil, 0, 0)")
}
