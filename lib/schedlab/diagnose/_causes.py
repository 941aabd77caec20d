"""Why goroutines with such a stack stay for ever, and what one usually does about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from schedlab.capture.goroutines import Place
from schedlab.diagnose._snapshots import Stack

# The first part of the import paths of the standard library (Go 1.27).
_STANDARD = frozenset(
    [
        "archive",
        "bufio",
        "bytes",
        "cmp",
        "compress",
        "container",
        "context",
        "crypto",
        "database",
        "debug",
        "embed",
        "encoding",
        "errors",
        "expvar",
        "flag",
        "fmt",
        "go",
        "hash",
        "html",
        "image",
        "index",
        "internal",
        "io",
        "iter",
        "log",
        "maps",
        "math",
        "mime",
        "net",
        "os",
        "path",
        "plugin",
        "reflect",
        "regexp",
        "runtime",
        "slices",
        "sort",
        "strconv",
        "strings",
        "structs",
        "sync",
        "syscall",
        "testing",
        "text",
        "time",
        "unicode",
        "unique",
        "unsafe",
        "vendor",
        "weak",
    ]
)
_LARGEST_SOURCE_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Explanation:
    """``kind`` is a short name of the cause, ``reason`` and ``fix`` are sentences."""

    kind: str
    reason: str
    fix: str


_SEND = Explanation(
    "channel send",
    "It sends, and nobody receives: the receiver returned early, or is busy for ever.",
    "Give the channel room for every send that may come late (make(chan T, 1)), or send in a select with "
    "<-ctx.Done().",
)
_RECEIVE = Explanation(
    "channel receive",
    "It receives, and nobody sends or closes the channel.",
    "Whoever sends must close the channel on every path, also on errors; or receive in a select with "
    "<-ctx.Done().",
)
_RANGE = Explanation(
    "range over a channel that nobody closes",
    "The loop ends when the channel is closed, and nobody closes it.",
    "Close the channel where the last value is sent: defer close(ch).",
)
_TICKER = Explanation(
    "loop over a ticker",
    "The loop has no end: stopping a ticker does not close its channel, and here nobody stops it.",
    "Loop over a select with the ticker's channel and <-ctx.Done(), and defer ticker.Stop().",
)
_CANCEL = Explanation(
    "context that nobody cancels",
    "It waits for ctx.Done(), and the cancel function was not called.",
    "defer cancel() where the context is made; go vet (lostcancel) finds most of these.",
)
_SELECT = Explanation(
    "select with no way out",
    "No case can become ready any more, and there is neither a default nor a case for the end.",
    "Add case <-ctx.Done(): return, and make sure that somebody cancels.",
)
_NIL = Explanation(
    "nil channel",
    "A channel that was never made blocks for ever, both ways.",
    "Make it (make(chan T)) before the goroutine starts, or do not start it.",
)
_NO_CASES = Explanation(
    "select {}",
    "A select without cases blocks for ever.",
    "Wait for a context or a WaitGroup instead.",
)
_LOCK = Explanation(
    "lock that is never released",
    "Whoever has the lock keeps it: it returned without unlocking, or waits for a lock that these hold.",
    "defer the Unlock right after the Lock, and take several locks in the same order everywhere.",
)
_GROUP = Explanation(
    "WaitGroup that never becomes zero",
    "More was added than done: a goroutine returned, or was never started, without Done.",
    "Add before the go statement and defer Done as the goroutine's first line, or use WaitGroup.Go.",
)
_COND = Explanation(
    "condition that nobody signals",
    "It waits for Signal or Broadcast, which do not come.",
    "Broadcast after every change of what is waited for, also when the program gives up.",
)
_BODY = Explanation(
    "response body that is neither read nor closed",
    "A connection of the HTTP client waits for its response to be read to the end or closed.",
    "defer resp.Body.Close() after the error check, on every path.",
)
_NETWORK = Explanation(
    "network without a deadline",
    "It waits for the other side, which may never answer, or never come back.",
    "Set deadlines (conn.SetDeadline, http.Server and http.Client timeouts).",
)
_SLEEP = Explanation(
    "timer or sleep in a loop without end",
    "It wakes up, finds nothing that tells it to end, and sleeps again; or sleeps very long.",
    "Wait in a select with <-ctx.Done() instead of time.Sleep; time.AfterFunc needs no goroutine.",
)
_SYSCALL = Explanation(
    "system call that does not return",
    "It is in the kernel, or in C.",
    "Use calls with a timeout, or end the other side (process, device, file).",
)
_RUNS = Explanation(
    "goroutine that never ends",
    "It runs on, and more like it are started.",
    "Give it a condition under which it returns, and see that this comes.",
)

_BY_WAIT: tuple[tuple[str, Explanation], ...] = (
    ("(nil chan)", _NIL),
    ("select (no cases)", _NO_CASES),
    ("chan send", _SEND),
    ("chan receive", _RECEIVE),
    ("select", _SELECT),
    ("sync.Mutex", _LOCK),
    ("sync.RWMutex", _LOCK),
    ("sync.WaitGroup", _GROUP),
    ("sync.Cond", _COND),
    ("semacquire", _LOCK),
    ("IO wait", _NETWORK),
    ("sleep", _SLEEP),
    ("syscall", _SYSCALL),
)
_BODY_WAITERS = ("net/http.(*persistConn).readLoop", "net/http.(*persistConn).writeLoop")


def explain(waits_for: str, stack: Stack, code: str) -> Explanation:
    """By what they wait for, by frames that are known, and by the line of ``code`` if there is one."""
    names = {place.function for place in stack}
    if waits_for == "select" and names.intersection(_BODY_WAITERS):
        return _BODY
    found = next((what for word, what in _BY_WAIT if word in waits_for), _RUNS)
    if found is _RECEIVE and ".Done()" in code:
        return _CANCEL
    if found is _RECEIVE and re.search(r"\brange\b.*(?:\.C\b|time\.Tick)", code):
        return _TICKER
    if found is _RECEIVE and re.search(r"\brange\b", code):
        return _RANGE
    return found


def blocking_place(stack: Stack) -> Place:
    """The innermost line that is the program's own; of the standard library if there is none."""
    if not stack:
        return Place("<unknown>", "", 0)
    return next((place for place in stack if not is_standard(place)), stack[0])


def is_standard(place: Place) -> bool:
    """Whether a function is of Go's standard library."""
    return package_of(place.function).partition("/")[0] in _STANDARD


def package_of(function: str) -> str:
    """``net/http`` of ``net/http.(*conn).serve``."""
    path = function.partition("[")[0]
    folder, slash, name = path.rpartition("/")
    return folder + slash + name.partition(".")[0]


def code_at(place: Place) -> str:
    """The line of source, if the file is here; empty if not. Only Go files are looked at."""
    file = Path(place.file)
    if file.suffix != ".go" or place.line < 1:
        return ""
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST_SOURCE_BYTES:
            return ""
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError):
        return ""
    return lines[place.line - 1].strip() if place.line <= len(lines) else ""
