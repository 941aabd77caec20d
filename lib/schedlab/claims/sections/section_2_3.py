"""Section 2.3: the local and the global queue, the order of the search, stealing, what a get costs."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from schedlab.capture import probes, queue_costs
from schedlab.claims.errors import NotMeasurableHere
from schedlab.claims.model import Decision, Entry, Measured, Values, does_not_hold, holds, imprecise
from schedlab.claims.rig import Rig
from schedlab.process import GoSettings
from schedlab.timeline import Timeline
from schedlab.toolchain import SymbolMoved

_ALL = ("1.24", "1.25", "1.26", "1.27")

# The second P's goroutine of search_order must not be made to give its P away.
_NO_PREEMPTION = GoSettings(gomaxprocs=2, godebug={"asyncpreemptoff": "1"})
_TWO = GoSettings(gomaxprocs=2)
_ROUNDS = 20
# Fewer than this many rounds in which a P came by the poller by itself say nothing.
_ENOUGH = 8
_OUTSIDE = {"run_global": "global", "run_netpoll": "netpoll", "run_stolen": "stealing"}

_QUOTED = (
    "if gp, _ := runqget(_p_); gp != nil {",
    "return gp",
    "if gp := globrunqget(_p_, 0); gp != nil {",
)


# The search, as it happens: a program that fills all places, and the probes in the runtime.


def search(rig: Rig) -> Measured:
    """``search_order`` with probes: where its goroutines were found, one after the other, P by P."""
    run = probes.run(
        "search_order",
        ["-rounds", _ROUNDS],
        settings=_NO_PREEMPTION,
        using=rig.toolchain,
        wall_limit_s=60,
    )
    assert run.events is not None
    found = run.finished.check().json()
    events = run.events.to_pandas()
    sequences = [of_p["kind"].tolist() for _, of_p in events[events["p"] >= 0].groupby("p")]
    steals = events[events["kind"] == "steal"]
    times = probes.searches(run.events)
    around = around_the_poller(sequences)
    values: dict[str, Any] = {
        "rounds": found["rounds"],
        "own": found["own"],
        "around": [[*order, count] for order, count in around.most_common()],
        "tick_distances": dict(tick_distances(sequences)),
        "ticks": run.counters.total("run_global_tick"),
        "ticks_with_work": ticks_with_work(sequences),
        "from_local": run.counters.total("run_local") + run.counters.total("run_runnext"),
        "global_gets": run.counters.total("run_global"),
        "overflowed": run.counters.total("overflow_gs"),
        "took": steals["n"].tolist(),
        "could_take": found["stolen"] - 1,
        "run_at_once": run_at_once(sequences),
        "steals": len(steals),
        "turn_ns": {name: _median_ns(times.of(name)) for name in ("run_local", *_OUTSIDE)},
    }
    return Measured(values, "")


def _said(measure: Callable[[Rig], Measured], words: Callable[[Values], str]) -> Callable[[Rig], Measured]:
    """The same measurement, run once, in the words that a claim needs."""

    def measured(rig: Rig) -> Measured:
        values = rig.once(measure).values
        return Measured(values, words(values))

    return measured


def _of_orders(values: Values) -> str:
    orders = (f"{one}, netpoll, {other} ({count} times)" for one, other, count in values["around"])
    return f"what a P with an empty queue found, one after the other: {'; '.join(orders)}"


def _of_layers(values: Values) -> str:
    return (
        f"{values['from_local']} goroutines were found in local queues, {values['overflowed']} had "
        f"overflowed into the global one, {sum(values['took'])} were stolen"
    )


def _of_steals(values: Values) -> str:
    return (
        f"{values['could_take']} goroutines were in the other P's queue; steals took {_first_series(values)}"
    )


def _of_ticks(values: Values) -> str:
    return (
        f"{values['ticks_with_work']} times a P that had goroutines of its own took one from the global "
        f"queue; most often this was every {_distance(values)} turns"
    )


def _of_batches(values: Values) -> str:
    return (
        f"of {values['overflowed']} goroutines in the global queue {values['ticks']} were taken one by one, "
        f"out of turn, and the others in {values['global_gets']} gets"
    )


def _of_early_steals(values: Values) -> str:
    return (
        f"in {_early(values)} of {len(values['rounds'])} rounds the P ran a stolen goroutine between those "
        "of its own, of which the global queue held some"
    )


def _of_stolen(values: Values) -> str:
    return f"{values['run_at_once']} of {values['steals']} steals were followed by the run of what was stolen"


def around_the_poller(sequences: list[list[str]]) -> Counter[tuple[str, str]]:
    """What a P found outside its own queue just before and just after it found something in the poller."""
    counted: Counter[tuple[str, str]] = Counter()
    for kinds in sequences:
        far = [_OUTSIDE[kind] for kind in kinds if kind in _OUTSIDE]
        for before, this, after in zip(far, far[1:], far[2:], strict=False):
            if this == "netpoll" != before and after != "netpoll":
                counted[before, after] += 1
    return counted


def tick_distances(sequences: list[list[str]]) -> Counter[int]:
    """Turns from one look into the global queue that was its turn to the next, of one and the same search.

    A run from ``runnext`` is no turn of its own, and after a steal the P was idle or busy elsewhere.
    """
    counted: Counter[int] = Counter()
    for kinds in sequences:
        runs = [kind for kind in kinds if kind.startswith("run_")]
        ticks = [at for at, kind in enumerate(runs) if kind == "run_global_tick"]
        for one, other in pairwise(ticks):
            if set(runs[one + 1 : other]) <= {"run_local", "run_global"}:
                counted[other - one] += 1
    return counted


def ticks_with_work(sequences: list[list[str]]) -> int:
    """How often such a look was followed by a goroutine of the P's own queue: it was not empty."""
    runs = [[kind for kind in kinds if kind.startswith("run_")] for kinds in sequences]
    return sum(pair == ("run_global_tick", "run_local") for of_p in runs for pair in pairwise(of_p))


def run_at_once(sequences: list[list[str]]) -> int:
    """How many steals were followed, on their P, by the run of a stolen goroutine."""
    return sum(pair == ("steal", "run_stolen") for kinds in sequences for pair in pairwise(_acts(kinds)))


def _acts(kinds: list[str]) -> list[str]:
    return [kind for kind in kinds if not kind.startswith("spin_")]


def _median_ns(times: Any) -> float:
    if len(times) < _ENOUGH:
        raise NotMeasurableHere(f"only {len(times)} searches were seen between two goroutines")
    return float(np.median(times))


def _first_series(values: Values) -> list[int]:
    """The steals from the first one that found the whole queue."""
    whole = values["could_take"] - values["could_take"] // 2
    took: list[int] = values["took"]
    return took[took.index(whole) :][:7] if whole in took else took[:7]


def _order(values: Values) -> list[str]:
    counted = values["around"]
    total = sum(count for *_, count in counted)
    if total < _ENOUGH:
        raise NotMeasurableHere(f"a P found something in the poller in {total} of {_ROUNDS} rounds only")
    before, after, count = counted[0]
    if count < 0.8 * total:
        raise NotMeasurableHere(f"the order differed: {counted}")
    return [before, "netpoll", after]


def _in_words(order: list[str]) -> str:
    return ", then ".join(order)


def _claimed_order(values: Values) -> Decision:
    order = _order(values)
    if order == ["stealing", "global", "netpoll"]:
        return holds()
    return does_not_hold(
        f"the order was {_in_words(order)}",
        f"A P with an empty queue looks into the global queue, then asks the network poller, "
        f"and steals last: {_in_words(order)}."
        if order == ["global", "netpoll", "stealing"]
        else f"It was {_in_words(order)}.",
    )


def _layers(values: Values) -> Decision:
    own, shared = values["from_local"], values["overflowed"]
    if not own or not shared:
        return does_not_hold(f"{own} goroutines came from local queues, {shared} went through the global one")
    return holds(
        f"{own} goroutines were run from local queues, {shared} overflowed into the global one, "
        f"{sum(values['took'])} were stolen, which is a third way"
    )


def _head_of_the_diagram(values: Values) -> Decision:
    order = _order(values)
    if order.index("stealing") < order.index("global"):
        return holds()
    return does_not_hold(
        f"the order was {_in_words(order)}",
        "The global queue is looked at first; whether to steal is decided when there is nothing in it.",
    )


def _half(values: Values) -> Decision:
    queue, took = values["could_take"], values["took"]
    half = queue - queue // 2
    first = sum(n == half for n in took)
    if first < _ROUNDS // 2:
        if max(took, default=0) > 1 and max(took) != half:
            return does_not_hold(f"of {queue} goroutines at most {max(took)} were taken at once")
        raise NotMeasurableHere(f"in {first} of {_ROUNDS} rounds only a thief found all {queue}")
    return holds(
        f"of {queue} goroutines {half} were taken in {first} of {_ROUNDS} rounds, and so on: "
        f"{_first_series(values)}; half is rounded up"
    )


def _only_when_global_is_empty(values: Values) -> Decision:
    """A stolen goroutine between two of its own: the P stole although the global queue held some."""
    early, order = _early(values), _order(values)
    if early <= 0.2 * len(values["rounds"]) and order[-1] == "stealing":
        between = f"; {order[1]} is asked in between" if order[1] != "stealing" else ""
        return holds(f"in {len(values['rounds']) - early} of {len(values['rounds'])} rounds{between}")
    return does_not_hold(f"in {early} of {len(values['rounds'])} rounds it stole before that")


def _early(values: Values) -> int:
    return sum(bool(re.search(r"os+n*o", letters)) for letters in values["rounds"])


def _local_whenever(values: Values) -> Decision:
    ticks, distance = values["ticks_with_work"], _distance(values)
    if not ticks:
        return holds()
    return imprecise(
        f"Except in one turn of {distance}: it goes to the global queue first, also if the local queue holds "
        f"something ({ticks} times here)."
    )


def _global_when_local_is_empty(values: Values) -> Decision:
    ticks, distance = values["ticks_with_work"], _distance(values)
    if not ticks:
        return holds()
    return imprecise(
        f"Each time that the local queue has run out (a batch, {values['global_gets']} times here), and one "
        f"goroutine every {distance} turns although it has not ({ticks} times)."
    )


def _distance(values: Values) -> int:
    distances: dict[int, int] = {int(turns): count for turns, count in values["tick_distances"].items()}
    if not distances:
        raise NotMeasurableHere("no two such turns followed each other")
    return max(distances, key=lambda turns: distances[turns])


def _one_at_a_time(values: Values) -> Decision:
    gets, rest = values["global_gets"], values["overflowed"] - values["ticks"]
    if gets == 0:
        raise NotMeasurableHere("nothing was taken from the global queue")
    each = rest / gets
    if each < 1.5:
        return holds()
    return does_not_hold(
        f"{gets} gets took {rest} goroutines",
        f"A P whose queue is empty fetches a batch, {each:.0f} goroutines on average here: that is what "
        f"spares the lock. A single one is fetched in one turn of {_distance(values)}.",
    )


def _stolen_runs(values: Values) -> Decision:
    share = values["run_at_once"] / max(1, values["steals"])
    if share >= 0.9:
        return holds(
            f"{values['run_at_once']} of {values['steals']} steals; the others wait in its own queue"
        )
    return does_not_hold(f"after {values['run_at_once']} of {values['steals']} steals only")


# What the runtime's source says.


def sources(rig: Rig) -> Measured:
    """The order of the calls in findRunnable, the global queue's fields, and the functions that take."""
    find = _find_runnable(rig)
    calls = [
        (found.start(), _PLACES[found[1]])
        for found in re.finditer(r"\b(runqget|globrunqget(?:batch)?|netpoll|stealWork)\(", find)
    ]
    take, local = rig.source("proc.go", "globrunqget"), rig.source("proc.go", "runqget")
    values: dict[str, Any] = {
        "order": [place for _, place in calls],
        "random_start": bool(re.search(r"stealOrder\.start\(\w*rand", rig.source("proc.go", "stealWork"))),
        "name": re.match(r"func (\w+)", find)[1],  # type: ignore[index]
        "quoted": [line in find for line in _QUOTED],
        "named_p": bool(re.search(r"\b_p_\b", find)),
        "sched_fields": _fields(rig.source("runtime2.go", "schedt")),
        "p_fields": _fields(rig.source("runtime2.go", "p")),
        "take_parameters": re.search(r"\((.*?)\)", take)[1],  # type: ignore[index]
        "zero_means_no_limit": bool(re.search(r"\bmax > 0 && n > max\b", take)),
        "uses_of_p": sorted(set(re.findall(r"\bpp\.(\w+)", local + take))),
        "takes_head": "sched.runq.pop()" in take and _pops_head(rig),
        "puts_at_tail": "sched.runq.pushBack(" in rig.source("proc.go", "globrunqput"),
    }
    return Measured(values, "")


def _of_the_calls(values: Values) -> str:
    return f"{values['name']} looks, in this order: {', '.join(values['order'])}"


def _of_the_fields(values: Values) -> str:
    sched, of_p = (", ".join(values[name]) for name in ("sched_fields", "p_fields"))
    return f"the queue's fields of runtime.sched: {sched}; of a P: {of_p}"


def _of_the_ends(values: Values) -> str:
    return (
        f"globrunqget takes the head: {'yes' if values['takes_head'] else 'no'}; "
        f"globrunqput puts at the tail: {'yes' if values['puts_at_tail'] else 'no'}"
    )


def _of_the_quote(values: Values) -> str:
    return f"{sum(values['quoted'])} of {len(_QUOTED)} lines of the quotation stand in {values['name']}"


def _of_the_parameters(values: Values) -> str:
    return f"the source says: func globrunqget({values['take_parameters']})"


def _of_the_uses(values: Values) -> str:
    return f"runqget and globrunqget use of the P: {', '.join(values['uses_of_p'])}"


_PLACES = {
    "runqget": "local",
    "globrunqget": "global",
    "globrunqgetbatch": "global",
    "netpoll": "netpoll",
    "stealWork": "stealing",
}


def _find_runnable(rig: Rig) -> str:
    try:
        return rig.source("proc.go", "findrunnable")
    except SymbolMoved:
        return rig.source("proc.go", "findRunnable")


def _pops_head(rig: Rig) -> bool:
    return "q.head.ptr()" in rig.source("proc.go", "gQueue.pop")


def _fields(struct: str) -> dict[str, str]:
    return dict(re.findall(r"^\t(runq\w*)\s+(\S+)", struct, re.MULTILINE))


def _head_and_tail(values: Values) -> Decision:
    of_sched, of_p = values["sched_fields"], values["p_fields"]
    if {"runqhead", "runqtail"} <= of_sched.keys():
        return holds()
    where = "those of a P's local ring" if {"runqhead", "runqtail"} <= of_p.keys() else "nowhere"
    shown = ", ".join(f"sched.{name} {kind}" for name, kind in of_sched.items())
    return does_not_hold(
        f"runqhead and runqtail are {where}",
        f"The global queue is {shown}: a linked list with a head and a tail.",
    )


def _fixed_order(values: Values) -> Decision:
    order = list(dict.fromkeys(_after_local(values["order"])))
    said = f"Its own queue, then {_in_words(order)}"
    exceptions = []
    if values["order"][0] == "global":
        exceptions.append("in some turns the global queue comes before its own")
    if values["random_start"]:
        exceptions.append("the Ps to steal from are tried in a random order")
    if not exceptions:
        return holds(said)
    return imprecise(f"{said}; but {', and '.join(exceptions)}.")


def _after_local(order: list[str]) -> list[str]:
    return order[order.index("local") + 1 :]


def _poller_last(values: Values) -> Decision:
    order = _after_local(values["order"])
    steal = order.index("stealing")
    before, after = order[:steal].count("netpoll"), order[steal:].count("netpoll")
    if not before:
        return holds()
    if not after:
        return does_not_hold("it is asked before stealing only", "It is asked before stealing.")
    return imprecise(
        f"It is asked {_times(before)} before stealing, without waiting, and {_times(after)} last of all, "
        "to wait, when nothing was found."
    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _from_the_head(values: Values) -> Decision:
    if values["takes_head"] and values["puts_at_tail"]:
        return holds("globrunqget pops the head, globrunqput pushes at the tail")
    return does_not_hold(
        f"takes the head: {values['takes_head']}, puts at the tail: {values['puts_at_tail']}"
    )


def _is_quoted(values: Values) -> Decision:
    if values["name"] == "findrunnable" and all(values["quoted"]):
        return holds()
    missing = [line for line, there in zip(_QUOTED, values["quoted"], strict=True) if not there]
    return does_not_hold(
        f"{len(missing)} of {len(_QUOTED)} lines do not occur, such as `{missing[0]}`"
        if missing
        else "the lines stand in a function of another name",
        f"The function is {values['name']}; it calls globrunqget({values['take_parameters']}).",
    )


def _zero_is_no_batch(values: Values) -> Decision:
    parameters = values["take_parameters"]
    if not parameters:
        return does_not_hold(
            "globrunqget has no argument", "globrunqget() takes one, globrunqgetbatch(n) up to n."
        )
    if values["zero_means_no_limit"]:
        return does_not_hold(
            "max is a limit only if it is above 0", "0 means: no limit but half a local queue."
        )
    return holds()


_QUEUE_OF_P = {"runq", "runqhead", "runqtail", "runnext"}


def _for_statistics(values: Values) -> Decision:
    uses = set(values["uses_of_p"])
    if uses - _QUEUE_OF_P:
        return holds(f"it is used for {', '.join(sorted(uses - _QUEUE_OF_P))}")
    named = "" if values["named_p"] else " The name _p_ is gone; it is pp."
    return does_not_hold(
        "nothing but its queue is used",
        f"It is where the goroutine is taken from or put: {', '.join(sorted(uses))}.{named}",
    )


def _looks_again(values: Values) -> Decision:
    order = values["order"]
    if "global" in order[order.index("stealing") :]:
        return holds("under the lock, before it gives its P up")
    return does_not_hold("there is no such call after stealWork")


# What a get costs.


def costs(rig: Rig) -> Measured:
    """ns of each step alone, and in the search from one goroutine's end to the next one's start."""
    alone = queue_costs.measure(using=rig.toolchain)
    turn = rig.once(search).values["turn_ns"]
    values = {
        "alone": {step: alone.median(step) for step in queue_costs.STEPS},
        "local": [alone.median("local"), turn["run_local"]],
        "global": [alone.median("global"), turn["run_global"]],
        "stealing": [alone.median("steal_one"), turn["run_stolen"]],
    }
    return Measured(values, "")


def _of_the_cost(place: str) -> Callable[[Values], str]:
    def words(values: Values) -> str:
        alone, turn = values[place]
        return f"{alone:.1f} ns alone; {turn:.0f} ns from a goroutine's end to the next one's start; medians"

    return words


# A time of another machine is the same if it is no more than so many times longer or shorter.
_FACTOR = 2.0


def _about(place: str, claimed_ns: float) -> Callable[[Values], Decision]:
    def decide(values: Values) -> Decision:
        alone, turn = values[place]
        if alone / _FACTOR <= claimed_ns <= alone * _FACTOR:
            return holds()
        said = (
            f"The step alone, with everything in the caches and nobody at the lock, takes {alone:.1f} ns; "
            f"from the end of a goroutine to the start of one that was found there, {turn:.0f} ns."
        )
        if alone < claimed_ns <= turn * _FACTOR:
            return imprecise(said, "it depends on what is counted")
        return does_not_hold("neither the step nor the whole turn takes that long", said)

    return decide


_COST_RULE = (
    "Holds if the step alone takes {0} ns within a factor of 2; imprecise if that is between the step alone "
    "and twice the whole turn, from the end of one goroutine to the start of the next; medians."
)


def trace_clock(rig: Rig) -> Measured:
    """The events of an execution trace that name a queue, and how finely its clock ticks."""
    with tempfile.TemporaryDirectory(prefix="schedlab-claim-") as folder:
        file = Path(folder) / "some.trace"
        rig.run("workloads", ["-kind", "yield", "-turns", 2, "-trace", str(file)], settings=_TWO)
        starts = np.array(Timeline.load(file).spans["start"])
    events = _event_lines(rig)
    naming = [
        name
        for name, comment in events
        if re.search(r"run ?q|queue|goroutine (was )?stolen|origin", comment, re.IGNORECASE)
    ]
    tick = clock_tick_ns(starts)
    values = {"tick_ns": tick, "events": len(events), "naming_a_queue": naming}
    said = (
        f"of {len(events)} kinds of events {len(naming)} name a run queue; "
        f"the times of {len(starts)} spans are multiples of {tick} ns"
    )
    return Measured(values, said)


def clock_tick_ns(times: npt.NDArray[np.int64]) -> int:
    """The largest power of two that 99% of the times are multiples of: a few are made up by the reader."""
    powers = (1 << power for power in range(20, 0, -1))
    return next((tick for tick in powers if np.mean(times % tick == 0) >= 0.99), 1)


def _event_lines(rig: Rig) -> list[tuple[str, str]]:
    trace = rig.toolchain.goroot / "src" / "internal" / "trace"
    places = (trace / "tracev2" / "events.go", trace / "event" / "go122" / "event.go")
    text = next(place for place in places if place.exists()).read_text(encoding="utf-8")
    found = re.findall(r"^\t(Ev[A-Z]\w+)\b.*?//\s*(.+)$", text, re.MULTILINE)
    return [(str(name), str(comment)) for name, comment in found]


def _from_a_trace(values: Values) -> Decision:
    if values["naming_a_queue"] and values["tick_ns"] <= 10:
        return holds()
    return does_not_hold(
        f"no event says where a goroutine was found, and the clock ticks every {values['tick_ns']} ns"
        if not values["naming_a_queue"]
        else f"the clock ticks every {values['tick_ns']} ns"
    )


def _observed_by_a_trace(values: Values) -> Decision:
    if values["naming_a_queue"]:
        return holds()
    return imprecise(
        f"A trace says when a goroutine became runnable, and when and on which P it ran; none of its "
        f"{values['events']} kinds of events says in which queue it was. That is reconstructed, or counted "
        "by probes.",
        "runtime/trace does not record queues",
    )


def _searched(
    name: str, words: Callable[[Values], str], rule: str, decide: Callable[[Values], Decision]
) -> Entry:
    return Entry(name, _said(search, words), rule, decide, seconds=5, examined=_ALL)


def _read(
    name: str, words: Callable[[Values], str], rule: str, decide: Callable[[Values], Decision]
) -> Entry:
    return Entry(name, _said(sources, words), rule, decide, seconds=1, examined=_ALL)


def _cost(name: str, place: str, claimed_ns: int) -> Entry:
    rule = _COST_RULE.format(claimed_ns)
    measure = _said(costs, _of_the_cost(place))
    return Entry(name, measure, rule, _about(place, claimed_ns), seconds=5, examined=_ALL)


def _traced(name: str, rule: str, decide: Callable[[Values], Decision]) -> Entry:
    return Entry(name, trace_clock, rule, decide, seconds=5, examined=_ALL)


_POLLER = (
    "by what was found around its looks into the poller (8 or more, of which 80% agree), in a program that "
    "fills every place."
)
_OUT_OF_TURN = (
    "Holds if nothing came from the global queue while the local one held something; else imprecise."
)

ENTRIES = (
    _traced(
        "C2.3m",
        "Holds if some kind of event of an execution trace names a run queue; else imprecise.",
        _observed_by_a_trace,
    ),
    _searched(
        "C2.3n",
        _of_layers,
        "Holds if goroutines were run from local queues and others went through the global one.",
        _layers,
    ),
    _read(
        "C2.3a",
        _of_the_fields,
        "Holds if runtime.sched has the fields runqhead, runqtail.",
        _head_and_tail,
    ),
    _read(
        "C2.3o",
        _of_the_calls,
        "Holds if the order has no exception: no look out of turn, and no random start in stealWork.",
        _fixed_order,
    ),
    _searched(
        "C2.3b",
        _of_orders,
        f"Holds if a P steals first, then takes from the global queue, {_POLLER}",
        _claimed_order,
    ),
    _searched(
        "C2.3c",
        _of_steals,
        "Holds if in half of the rounds or more a steal took half of the other P's queue, rounded up.",
        _half,
    ),
    _read(
        "C2.3p",
        _of_the_ends,
        "Holds if globrunqget pops the head and globrunqput pushes at the tail.",
        _from_the_head,
    ),
    _read(
        "C2.3l",
        _of_the_calls,
        "Holds if netpoll is called only after stealWork; imprecise if before it too.",
        _poller_last,
    ),
    _read("C2.3d", _of_the_quote, "Holds if findrunnable has each of the quoted lines.", _is_quoted),
    replace(
        _read(
            "C2.3q",
            _of_the_parameters,
            "Holds if globrunqget has a parameter for which 0 means one goroutine.",
            _zero_is_no_batch,
        ),
        compare=("1.24",),
    ),
    _searched(
        "C2.3e",
        _of_batches,
        "Holds if a get by a P with an empty queue took fewer than 1.5 goroutines on average.",
        _one_at_a_time,
    ),
    _read(
        "C2.3f",
        _of_the_uses,
        "Holds if runqget or globrunqget uses anything of its P but the P's run queue.",
        _for_statistics,
    ),
    _traced(
        "C2.3j",
        "Holds if some kind of event names a run queue and the trace's clock ticks every 10 ns or less.",
        _from_a_trace,
    ),
    _cost("C2.3g", "local", 20),
    _searched("C2.3r", _of_ticks, _OUT_OF_TURN, _local_whenever),
    _cost("C2.3h", "global", 150),
    _searched("C2.3s", _of_ticks, _OUT_OF_TURN, _global_when_local_is_empty),
    _cost("C2.3i", "stealing", 300),
    _searched(
        "C2.3k",
        _of_early_steals,
        "Holds if the P steals last, and in 20% of the rounds or fewer ran a stolen one between its own.",
        _only_when_global_is_empty,
    ),
    _searched(
        "C2.3t",
        _of_orders,
        f"Holds if stealing comes before the global queue, {_POLLER}",
        _head_of_the_diagram,
    ),
    _searched(
        "C2.3u",
        _of_stolen,
        "Holds if 90% of the steals or more were followed by the run of a stolen goroutine.",
        _stolen_runs,
    ),
    _read(
        "C2.3v",
        _of_the_calls,
        "Holds if findRunnable looks into the global queue again after stealWork.",
        _looks_again,
    ),
)
