"""Verdicts, and programs that would rather not be judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.learn.made_labs import CHECK, make_lab, prints, write

from schedlab import process
from schedlab.learn.labs import (
    Attempt,
    Check,
    Finding,
    Lab,
    LabVerdict,
    Misbehaved,
    Part,
    State,
    attempt,
    find,
    grade,
    grading,
    not_measurable,
    right,
    wrong,
)
from schedlab.learn.labs.attempt import prepare
from schedlab.learn.labs.work import open_copy
from schedlab.process._confine import has_landlock

NOTHING: Mapping[str, str] = {}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return make_lab(tmp_path)


def judged(lab: Lab, source: str, check: Check = CHECK, beside: Mapping[str, str] = NOTHING) -> LabVerdict:
    """The verdict on one program, with other files ``beside`` it."""
    answer = lab.folder / "answer"
    write(answer, {"main.go": source, **beside})
    return grade(lab, answer, check)


def main_with(body: str, *imports: str) -> str:
    lines = "".join(f"import {name}\n" for name in imports)
    return f"package main\n\n{lines}\nfunc main() {{\n{body}\n}}\n"


def held(judge: str = "") -> Check:
    """A check that holds the program until it prints ready."""

    def look(one: Attempt) -> Finding:
        with one.held() as live:
            live.await_line("ready", patience_s=5)
            live.threads()
            live.finish()
        return right(judge)

    return Check((Part("held", "it waits", look),))


# --- verdicts


def test_not_started_until_something_differs(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "check_of", lambda _lab: CHECK)
    assert grading.check(lab).state is State.NOT_STARTED
    open_copy(lab)
    assert grading.check(lab).state is State.NOT_STARTED
    write(lab.work, {"main.go": prints(42)})
    found = grading.check(lab)
    assert found.right
    assert found.evidence == {"answer": 42}


def test_the_compilers_words(lab: Lab) -> None:
    found = judged(lab, main_with("\tprintln(missing)"))
    assert found.state is State.DOES_NOT_BUILD
    assert "main.go:" in found.message
    assert "undefined: missing" in found.message


def test_a_wrong_answer_has_its_code_and_numbers(lab: Lab) -> None:
    found = judged(lab, prints(43))
    assert (found.state, found.code, found.evidence) == (State.WRONG, "too_odd", {"answer": 43})


def test_no_program(lab: Lab) -> None:
    (lab.folder / "empty").mkdir()
    assert grade(lab, lab.folder / "empty", CHECK).code == "no_program"


def parts(*findings: Finding) -> Check:
    return Check(tuple(Part(f"part {n}", "", lambda _a, f=f: f) for n, f in enumerate(findings)))  # type: ignore[misc]


def test_what_is_not_run_is_not_passed(lab: Lab) -> None:
    found = judged(lab, prints(1), parts(right("a"), wrong("b", "b"), right("c")))
    assert [part.finding.state for part in found.parts] == [State.RIGHT, State.WRONG, State.NOT_RUN]
    assert (found.state, found.code) == (State.WRONG, "b")


def test_what_cannot_be_judged_is_not_passed(lab: Lab) -> None:
    found = judged(lab, prints(1), parts(right("a"), not_measurable("no cgroup"), right("c")))
    assert found.state is State.NOT_MEASURABLE_HERE
    assert found.message == "no cgroup"
    assert [part.finding.state for part in found.parts] == [
        State.RIGHT,
        State.NOT_MEASURABLE_HERE,
        State.RIGHT,
    ]
    assert judged(lab, prints(1), parts(not_measurable("x"), wrong("b", "b"))).state is State.WRONG


def test_a_machine_that_forbids_to_look(lab: Lab) -> None:
    from schedlab.capture.xray import NotAllowed

    def refused(_one: Attempt) -> Finding:
        raise NotAllowed("the kernel refuses")

    found = judged(lab, prints(1), Check((Part("x", "", refused),)))
    assert (found.state, found.message) == (State.NOT_MEASURABLE_HERE, "the kernel refuses")


# --- what a lab does not take


@pytest.mark.parametrize(
    ("imports", "body", "said"),
    [
        (['"unsafe"'], "\t_ = unsafe.Sizeof(1)", "unsafe"),
        (['"C"'], "", "C compiler"),
        (['"os/exec"'], '\texec.Command("true").Run()', "one process"),
        (['"plugin"'], '\tplugin.Open("x")', "plugin"),
        (['"runtime/trace"'], "\ttrace.Stop()", "the check records"),
        (['_ "net/http/pprof"'], "", "the check records"),
        (['"golang.org/x/sys/unix"'], "\tunix.Kill(1, 9)", "standard library only"),
        (['"syscall"'], "\tsyscall.RawSyscall(1, 0, 0, 0)", "syscall.RawSyscall"),
        (['"syscall"'], '\tsyscall.ForkExec("", nil, nil)', "syscall.ForkExec"),
        (['sys "syscall"'], "\tsys.Kill(1, 9)", "sys.Kill"),
        (['. "syscall"'], "\tKill(1, 9)", "import ."),
        (['"os"'], '\tos.StartProcess("", nil, nil)', "os.StartProcess"),
        (['"syscall"'], "\tf := syscall.Syscall\n\tf(1, 0, 0, 0)", "syscall.Syscall"),
    ],
)
def test_what_is_refused_is_named(lab: Lab, imports: list[str], body: str, said: str) -> None:
    # Where the compiler has something against it too, what the lab does not take comes first.
    found = judged(lab, main_with(body, *imports))
    assert (found.state, found.code) == (State.WRONG, "refused_code")
    assert said in found.message
    assert "main.go:" in found.message


@pytest.mark.parametrize("directive", ["//go:linkname local runtime.nanotime", "//go:embed x"])
def test_directives_that_change_the_build_are_refused(lab: Lab, directive: str) -> None:
    found = judged(
        lab, f'package main\n\nimport _ "embed"\n\n{directive}\nvar x string\n\nfunc main() {{}}\n'
    )
    assert found.code == "refused_code"
    assert directive.partition(" ")[0] in found.message


def test_an_ordinary_program_is_taken(lab: Lab) -> None:
    source = main_with(
        '\tvar p [2]int\n\tsyscall.Pipe(p[:])\n\tdebug.SetGCPercent(50)\n\tfmt.Println(`{"answer": 42}`)',
        '"fmt"',
        '"runtime/debug"',
        '"syscall"',
    )
    assert judged(lab, source).right


def test_files_that_are_not_gos_do_not_count(lab: Lab) -> None:
    more = {
        "go.mod": "module evil\n\ngo 9.99\n\nreplace fmt => ./mine\n",
        "a.s": "garbage",
        "main_test.go": "garbage",
        "overlay.json": "{}",
    }
    assert judged(lab, prints(42), beside=more).right


# --- programs that misbehave


@pytest.mark.parametrize(
    ("body", "imports", "code"),
    [
        ("\tfor {\n\t}", (), "does_not_end"),
        ('\tpanic("no")', (), "panics"),
        ("\t<-make(chan int)", (), "deadlock"),
        ("\tos.Exit(3)", ('"os"',), "fails"),
        ("\tprintln(len(make([]byte, 6<<30)))", (), "out_of_memory"),
        ('\tfor range 1 << 18 {\n\t\tfmt.Println("0123456789")\n\t}', ('"fmt"',), "prints_too_much"),
        ("\tos.Exit(0)", ('"os"',), "no_result"),
        ('\tfmt.Println("[1]")', ('"fmt"',), "no_result"),
    ],
)
def test_each_way_to_misbehave_has_its_code(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, body: str, imports: tuple[str, ...], code: str
) -> None:
    if code == "does_not_end":
        monkeypatch.setattr(attempt, "WALL_LIMIT_S", 1.0)
    found = judged(lab, main_with(body, *imports))
    assert (found.state, found.code) == (State.WRONG, code)
    assert found.message


def test_a_bomb_of_goroutines_and_threads_is_contained(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "WALL_LIMIT_S", 5.0)
    bomb = main_with(
        "\tfor {\n\t\tgo func() {\n\t\t\truntime.LockOSThread()\n\t\t\tselect {}\n\t\t}()\n\t}", '"runtime"'
    )
    found = judged(lab, bomb)
    assert found.state is State.WRONG
    assert found.code in ("thread_limit", "does_not_end", "out_of_memory", "fails")


def test_a_process_cannot_be_started_past_the_words(lab: Lab) -> None:
    """By a name that the vetting does not see: the kernel refuses."""
    source = main_with(
        '\tcommand := (&os.ProcAttr{})\n\t_ = command\n\tnet.LookupHost("x")\n'
        '\tfmt.Println(`{"answer": 42}`)',
        '"fmt"',
        '"net"',
        '"os"',
    )
    assert judged(lab, source).right
    one = Attempt(lab, prepare(lab, {"main.go": prints(42).encode()}).folder)
    write(
        one.folder,
        {
            "main.go": main_with(
                '\tfmt.Printf("{\\"said\\": %q}", fmt.Sprint(exec.Command("/bin/true").Run()))',
                '"fmt"',
                '"os/exec"',
            )
        },
    )
    if not process.not_confined():
        assert "not permitted" in str(attempt.json_of(one.run())["said"])


def test_files_of_the_lab_cannot_be_changed(lab: Lab) -> None:
    body = (
        f'\tif err := os.WriteFile("{lab.folder}/lab.toml", nil, 0o600); err != nil {{\n\t\tpanic(err)\n\t}}'
    )
    found = judged(lab, main_with(body, '"os"'))
    assert found.code == ("panics" if has_landlock() else "touches_the_lab")
    assert lab == find(lab.id, lab.folder.parents[1])


def test_where_writes_cannot_be_bounded_the_lab_is_put_back(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = attempt._confinement
    monkeypatch.setattr(attempt, "_confinement", lambda folder: replace(bounds(folder), writable=None))
    monkeypatch.setattr(grading, "writes_are_bounded", lambda: False)
    before = {file: file.read_bytes() for file in lab.folder.rglob("*") if file.is_file()}
    body = (
        f'\tos.WriteFile("{lab.folder}/lab.toml", []byte("evil"), 0o600)\n'
        f'\tos.Remove("{lab.solution}/main.go")\n'
        f'\tos.WriteFile("{lab.starter}/new.go", nil, 0o600)\n'
        f'\tos.WriteFile("{lab.folder}/lab.ipynb", []byte("the learner\'s"), 0o600)\n'
        '\tfmt.Println(`{"answer": 42}`)'
    )
    found = judged(lab, main_with(body, '"fmt"', '"os"'))
    assert (found.state, found.code, found.evidence) == (State.WRONG, "touches_the_lab", {"files": 3})
    for file, content in before.items():
        assert file.read_bytes() == content
    assert not (lab.starter / "new.go").exists()
    assert (lab.folder / "lab.ipynb").read_text() == "the learner's", "a notebook may be saved meanwhile"
    kept = {file.name: file.read_text() for file in lab.kept.rglob("*") if file.is_file()}
    assert kept == {"lab.toml": "evil", "new.go": ""}


def test_an_author_may_save_while_a_check_runs(lab: Lab) -> None:
    if not has_landlock():
        pytest.skip("this kernel has no Landlock, so the lab's files are watched")

    def saved(one: Attempt) -> Finding:
        write(lab.solution, {"main.go": prints(7)})
        return right(one.lab.id)

    assert judged(lab, prints(42), Check((Part("x", "", saved),))).right
    assert (lab.solution / "main.go").read_text() == prints(7)


# --- programs that are held


def test_a_held_program_is_told_to_end(lab: Lab) -> None:
    waits = main_with('\tfmt.Println("ready")\n\tio.Copy(io.Discard, os.Stdin)', '"fmt"', '"io"', '"os"')
    assert judged(lab, waits, held()).right


@pytest.mark.parametrize(
    ("body", "imports", "code"),
    [
        ("\tos.Exit(0)", ('"os"',), "ended_early"),
        ('\tfmt.Println("ready")', ('"fmt"',), "ended_early"),
        ('\tpanic("no")', (), "panics"),
        ("\tselect {}", (), "deadlock"),
        ("\tio.Copy(io.Discard, os.Stdin)", ('"io"', '"os"'), "never_ready"),
        ('\tfmt.Println("ready")\n\tfor {\n\t}', ('"fmt"',), "does_not_end"),
    ],
)
def test_each_way_not_to_be_held_has_its_code(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, body: str, imports: tuple[str, ...], code: str
) -> None:
    if code == "does_not_end":
        monkeypatch.setattr(attempt, "WALL_LIMIT_S", 3.0)
    found = judged(lab, main_with(body, *imports), held())
    if code == "ended_early" and "ready" in body:
        # It may be looked at in its last moment; it had ended well then.
        assert found.right or found.code == code
    else:
        assert (found.state, found.code) == (State.WRONG, code)


def test_the_program_is_not_told_where_evidence_goes(lab: Lab) -> None:
    body = '\tfor _, v := range os.Environ() {\n\t\tif strings.HasPrefix(v, "SCHEDLAB_PROBES") || '
    body += 'strings.HasPrefix(v, "SCHEDLAB_TRACE") {\n\t\t\tpanic(v)\n\t\t}\n\t}'
    seen: list[int] = []

    def look(one: Attempt) -> Finding:
        timeline, _ = one.record()
        seen.append(len(timeline.goroutines["id"]))
        with one.held(counted=True) as live:
            live.finish()
        return right("")

    found = judged(lab, main_with(body, '"os"', '"strings"'), Check((Part("x", "", look),)))
    assert found.right, found.message
    assert seen[0] > 0


# --- evidence cannot be printed


FORGED = """
	for n := range 100 {
		fmt.Fprintf(os.Stderr, "SCHED %dms: gomaxprocs=2 idleprocs=0 threads=5 spinningthreads=0 "+
			"needspinning=0 idlethreads=2 runqueue=0 [ 0 0 ] schedticks=[ 1 1 ]\\n", n)
	}
	fmt.Println(`{"threads": 5, "goroutines": 1000, "blocked": 1000, "answer": 42, "total": 1}`)
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
"""


@pytest.mark.parametrize(
    ("name", "code"), [("blocked_threads", "not_reading"), ("global_queue", "too_few_goroutines")]
)
def test_the_courses_labs_believe_nothing_that_is_printed(tmp_path: Path, name: str, code: str) -> None:
    write(tmp_path, {"main.go": main_with(FORGED, '"fmt"', '"io"', '"os"')})
    found = grade(find(name), tmp_path)
    assert (found.state, found.code) == (State.WRONG, code)


def test_a_guessed_sum_is_no_sum(tmp_path: Path) -> None:
    write(tmp_path, {"main.go": main_with('\tfmt.Println(`{"total": 1}`)', '"fmt"')})
    found = grade(find("idle_p"), tmp_path)
    assert (found.state, found.code) == (State.WRONG, "wrong_sum")


def test_an_answer_that_ends_before_it_is_looked_at(tmp_path: Path) -> None:
    write(tmp_path, {"main.go": main_with("\tos.Exit(0)", '"os"')})
    assert grade(find("blocked_threads"), tmp_path).code == "ended_early"


def test_misbehaviour_carries_the_run() -> None:
    error = Misbehaved("code", "words")
    assert (error.code, error.message, error.evidence, error.finished) == ("code", "words", {}, None)


def test_numbers_of_two_parts_do_not_hide_each_other(lab: Lab) -> None:
    found = judged(lab, prints(1), parts(right("a", threads=1), right("b", threads=2)))
    assert found.right
    assert found.evidence == {"part 0: threads": 1, "part 1: threads": 2}
    assert found.message == "part 0: a\npart 1: b"
