"""Section 3.3: a sync.Pool that is used wrongly, the numbers given for it, and what it reuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from statistics import median
from typing import Any

from schedlab.capture import schedtrace
from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.model import Decision, Entry, Measured, Values, does_not_hold, holds, imprecise
from schedlab.claims.rig import Rig
from schedlab.process import GoSettings

_ALL = ("1.24", "1.25", "1.26", "1.27")
_TWO = GoSettings(gomaxprocs=2)
_DETAIL = GoSettings(gomaxprocs=2, schedtrace_ms=10, scheddetail=True)
_OPERATIONS = 100_000

_PRINTED = """
var bufPool = sync.Pool{
    New: func() interface{} { return make([]byte, 0, 1024) },
}

func badHandler() {
    buf := bufPool.Get().([]byte)
    buf = append(buf, "hello"...) // 修改底层数组
    bufPool.Put(buf)             // ✅ 放回已修改的切片
    buf = bufPool.Get().([]byte) // ❌ 获取的仍是同一底层数组,但len=5,cap=1024 → 复用失效!
}
"""

# The same lines once more, with a look at each slice. The collector is off, so nothing empties the pool, and
# there is one P. A goroutine that is preempted between two lines keeps its P's pool all the same.
_LOOKED_AT = """package main

import (
	"encoding/json"
	"os"
	"runtime/debug"
	"sync"
	"unsafe"
)
%s
func array(s []byte) *byte { return unsafe.SliceData(s) }

func main() {
	debug.SetGCPercent(-1)
	badHandler()
	first := make([]byte, 0, 1024)
	count := map[string]int{}
	for range 1000 {
		buf := append(first[:0], "hello"...)
		bufPool.Put(buf)
		again := bufPool.Get().([]byte)
		count["same"] += bit(array(again) == array(buf))
		count["len5"] += bit(len(again) == 5)
		count["cap1024"] += bit(cap(again) == 1024)
		longer := append(again, "hello"...)
		count["append_same"] += bit(array(longer) == array(again))
		cut := again[:0]
		count["cut_len0"] += bit(len(cut) == 0)
		count["cut_cap1024"] += bit(cap(cut) == 1024)
		count["cut_append_same"] += bit(array(append(cut, "hello"...)) == array(again))
	}
	count["fits"] = largest(5)
	count["fits_from_0"] = largest(0)
	json.NewEncoder(os.Stdout).Encode(count)
}

// largest is how many bytes fit behind the first ones before append takes another array.
func largest(length int) int {
	s := make([]byte, length, 1024)
	n := 0
	for array(append(s, make([]byte, n+1)...)) == array(s) {
		n++
	}
	return n
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
"""


def slices(rig: Rig) -> Measured:
    """The printed code in a program that looks at its slices, a thousand times on one P."""
    with rig.program(_LOOKED_AT % _PRINTED) as folder:
        done = rig.command("go run .", folder, settings=GoSettings(gomaxprocs=1))
    if done.exit_status != 0:
        return Measured({"compiles": False}, done.stderr.strip()[:300])
    found: dict[str, Any] = {"compiles": True, "times": 1000, **done.json()}
    said = (
        f"of 1000 times, Get after Put gave the same array {found.get('same', 0)} times, with len 5 "
        f"{found.get('len5', 0)} and cap 1024 {found.get('cap1024', 0)} times; append behind the 5 bytes "
        f"used that array {found.get('append_same', 0)} times, and {found['fits']} more bytes fit"
    )
    return Measured(found, said)


def _compiles(values: Values) -> Decision:
    return holds() if values["compiles"] else does_not_hold("it does not compile")


def _share(values: Values, *names: str) -> float:
    return float(min(values.get(name, 0) for name in names) / values["times"])


def _same_array(values: Values) -> Decision:
    return (
        holds() if _share(values, "same", "len5", "cap1024") >= 0.9 else does_not_hold("it is another slice")
    )


def _only_seems(values: Values) -> Decision:
    if _share(values, "same") >= 0.9 and _share(values, "append_same") >= 0.9:
        return does_not_hold("the same array came back, and append went on in it")
    return holds()


def _carries_length(values: Values) -> Decision:
    return holds() if _share(values, "len5") >= 0.9 else does_not_hold("it came back with another length")


def _append_cannot_reuse(values: Values) -> Decision:
    if _share(values, "append_same") <= 0.1:
        return holds()
    return does_not_hold(
        "append uses the array as long as the capacity suffices",
        f"Behind the 5 bytes {values['fits']} more fit into the same array.",
    )


def _length_triggers_growth(values: Values) -> Decision:
    if values["fits"] == 0:
        return holds()
    said = (
        f"A slice grows when its new length is above its capacity: {values['fits']} bytes fit behind 5, "
        f"{values['fits_from_0']} behind 0."
    )
    return does_not_hold("what counts is the capacity", said)


def _cut_keeps_capacity(values: Values) -> Decision:
    return holds() if _share(values, "cut_len0", "cut_cap1024") >= 0.9 else does_not_hold("it does not")


def _cut_is_reused(values: Values) -> Decision:
    return (
        holds() if _share(values, "cut_append_same") >= 0.9 else does_not_hold("append takes another array")
    )


_IN_WORDS = {
    "printed": "as printed",
    "kept": "with the second buffer put back",
    "direct": "put back uncut",
    "reset": "cut with [:0]",
    "pointer": "a pool of pointers",
}


def uses(rig: Rig) -> Measured:
    """100,000 operations of each kind, each in a fresh process, three times; medians, and the best pauses."""
    values = {use: _used(rig, use) for use in _IN_WORDS}
    said = "; ".join(
        f"{_IN_WORDS[use]}: {found['megabytes']:.1f} MB, {found['gcs']:g} collections, per operation "
        f"{found['news_each']:.2f} new buffers and {found['mallocs_each']:.1f} allocations"
        for use, found in values.items()
    )
    return Measured(values, said)


def _used(rig: Rig, use: str) -> Mapping[str, Any]:
    runs = [rig.run("pool_use", ["-use", use], settings=_TWO).json() for _ in range(3)]
    pauses = [run["quartile_pause_ns"] / 1e6 for run in runs if run["gcs"]]
    return {
        "megabytes": median(run["bytes"] for run in runs) / 1e6,
        "gcs": median(run["gcs"] for run in runs),
        "news_each": median(run["news"] for run in runs) / _OPERATIONS,
        "moved_each": median(run["moved"] for run in runs) / _OPERATIONS,
        "mallocs_each": median(run["mallocs"] for run in runs) / _OPERATIONS,
        "pause_ms": min(pauses) if pauses else None,
        "largest": median(run["largest_bytes"] for run in runs),
    }


def _each_allocates(values: Values) -> Decision:
    printed, kept, direct = (values[use] for use in ("printed", "kept", "direct"))
    if printed["news_each"] < 0.5:
        return does_not_hold("the printed code makes no new arrays")
    if direct["news_each"] + direct["moved_each"] >= 0.5:
        return holds()
    said = (
        f"The printed code makes {printed['news_each']:.2f} new arrays per operation because its second Get "
        f"is never put back; put back, it makes {kept['news_each']:.2f}. Without a reset alone it is "
        f"{direct['news_each'] + direct['moved_each']:.2f}."
    )
    return imprecise(said, "true of the printed code, for another reason")


def _frequent_gcs(values: Values) -> Decision:
    printed, kept = values["printed"]["gcs"], values["kept"]["gcs"]
    if kept >= 0.5 * printed >= 2:
        return holds()
    if printed < 4:
        return does_not_hold("there were few collections")
    said = f"{printed:g} collections; {kept:g} when the second buffer is put back too, still without a reset."
    return imprecise(said, "the collections come from the buffer that is never put back")


def _megabytes(values: Values) -> Decision:
    wrong = {use: values[use]["megabytes"] for use in ("printed", "direct")}
    right = values["reset"]["megabytes"]
    said = (
        f"{right:.1f} MB with a reset, {wrong['direct']:.1f} MB put back uncut, {wrong['printed']:.1f} MB by "
        "the printed function, which loses a buffer each time."
    )
    wrong_fits = any(abs(found - 89) <= 0.25 * 89 for found in wrong.values())
    if wrong_fits and abs(right - 1.2) <= 0.25 * 1.2:
        return holds()
    if max(wrong.values()) >= 5 * right:
        return imprecise(said, "the order is right, the numbers and the reason are not")
    return does_not_hold("the two allocate about the same", said)


def _collections(values: Values) -> Decision:
    right, direct, printed = (values[use]["gcs"] for use in ("reset", "direct", "printed"))
    said = (
        f"{right:g} collections with a reset, {direct:g} put back as it is, {printed:g} by the printed "
        "function, which loses a buffer each time."
    )
    if right == 0 and 8 <= direct <= 34:
        return holds()
    if right <= 1 and printed >= 8:
        return imprecise(said, "it is the lost buffer that costs collections, not the missing reset")
    return does_not_hold("the two collect about as often", said)


def _pause(values: Values) -> Decision:
    found = values["printed"]["pause_ms"]
    if found is None:
        raise NotMeasurableHere("there was no collection")
    if 1.6 <= found <= 6.4:
        return holds()
    other = "shorter" if found < 1.6 else "longer"
    said = f"A quarter of the stops took {found:.3f} ms at most, in the best of three runs."
    return does_not_hold(f"a typical stop is {other}", said)


def _cut_is_right(values: Values) -> Decision:
    reset, pointer = values["reset"], values["pointer"]
    if reset["news_each"] > 0.1 or reset["moved_each"] > 0.1:
        return does_not_hold("it makes new arrays all the same")
    if reset["mallocs_each"] < 0.1:
        return holds()
    said = (
        f"No new arrays, but still {reset['mallocs_each']:.2f} allocations per operation: Put boxes the "
        f"slice's header. With a pointer to the slice it is {pointer['mallocs_each']:.2f}."
    )
    return imprecise(said, "the array is reused, the header is not")


def descriptors(rig: Rig) -> Measured:
    """How many Gs the runtime has after 1000 goroutines in a row, with a sync.Pool and without one."""
    made = {}
    for name in ("true", "false"):
        done = rig.run("goroutine_reuse", [f"-pool={name}"], settings=_DETAIL)
        snapshots = schedtrace.parse(done.stderr, release=rig.toolchain.release).snapshots
        if not snapshots:
            raise NotMeasurableHere("schedtrace printed nothing: the machine is too busy")
        made[name] = max(len(snapshot.gs) for snapshot in snapshots)
    pool = (rig.toolchain.goroot / "src" / "sync" / "pool.go").read_text(encoding="utf-8")
    names = sorted(set(re.findall(r"\b(gfget|gfput|newproc\w*|malg)\b", pool)))
    said = f"1000 goroutines in a row leave {made['true']} Gs with a sync.Pool, {made['false']} without one"
    return Measured({"with": made["true"], "without": made["false"], "in_pool": names}, said)


def _pool_reuses_gs(values: Values) -> Decision:
    if values["without"] >= 2 * values["with"] or values["in_pool"]:
        return holds()
    return does_not_hold(
        "the runtime itself keeps the Gs of ended goroutines; a sync.Pool keeps objects of the program",
        f"1000 goroutines in a row used {values['without']} Gs without any sync.Pool.",
    )


def _misuse_costs_gs(values: Values) -> Decision:
    if values["without"] >= 2 * values["with"]:
        return holds()
    return does_not_hold("Gs are reused with a pool and without one")


def _entry(name: str, rule: str, decide: Any) -> Entry:
    return Entry(name, slices, rule, decide, seconds=4, examined=_ALL)


def _of_uses(name: str, rule: str, decide: Any) -> Entry:
    return Entry(name, uses, rule, decide, seconds=6, examined=_ALL)


ENTRIES = (
    Entry(
        "C3.3h",
        descriptors,
        "Holds if 1000 goroutines in a row need twice as many Gs without a sync.Pool as with one.",
        _misuse_costs_gs,
        seconds=2,
        examined=_ALL,
    ),
    _entry(
        "C3.3i",
        "Does not hold if the same array comes back and append goes on in it in nine of ten cases.",
        _only_seems,
    ),
    _entry("C3.3j", "Holds if the printed code compiles and runs.", _compiles),
    _entry("C3.3a", "Holds if array, len and cap are as it says in nine of ten cases.", _same_array),
    _entry("C3.3k", "Holds if the slice has length 5 in nine of ten cases.", _carries_length),
    _entry("C3.3b", "Holds if append takes another array in nine of ten cases.", _append_cannot_reuse),
    _entry(
        "C3.3l",
        "Holds if no byte fits behind a slice of length 5 and capacity 1024.",
        _length_triggers_growth,
    ),
    _of_uses(
        "C3.3c",
        "Holds if an operation without a reset makes half an array or more; imprecise if the printed code "
        "does so for another reason.",
        _each_allocates,
    ),
    _of_uses(
        "C3.3m",
        "Holds if there are half as many collections when no buffer is lost; imprecise if there are not.",
        _frequent_gcs,
    ),
    _of_uses(
        "C3.3d",
        "Holds if both numbers are met within a quarter; imprecise if one allocates five times as much.",
        _megabytes,
    ),
    _of_uses(
        "C3.3e",
        "Holds if a missing reset makes 8 to 34 collections and a reset none; imprecise if a lost one does.",
        _collections,
    ),
    _of_uses(
        "C3.3n",
        "Holds if the lower quartile of the stops is from half to twice 3.2 ms, best of three runs: what a "
        "busy machine adds to others does not count.",
        _pause,
    ),
    _of_uses(
        "C3.3f",
        "Holds if nothing is allocated any more; imprecise if no array is, but something else.",
        _cut_is_right,
    ),
    _entry("C3.3o", "Holds if len is 0 and cap 1024 in nine of ten cases.", _cut_keeps_capacity),
    _entry("C3.3p", "Holds if append uses the array in nine of ten cases.", _cut_is_reused),
    Entry(
        "C3.3g",
        descriptors,
        "Holds if Gs are reused with a sync.Pool only: without one, twice as many or more.",
        _pool_reuses_gs,
        seconds=2,
        examined=_ALL,
    ),
)
