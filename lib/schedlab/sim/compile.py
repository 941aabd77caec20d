"""From a workload's steps to flat code that the policy runs, checked on the way."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any, Final

from schedlab.sim import workload as w
from schedlab.sim.durations import Duration, fault
from schedlab.sim.errors import BadWorkload
from schedlab.sim.policy import blocking, gc, run
from schedlab.sim.policy.find import COMPUTE
from schedlab.sim.policy.network import Connection
from schedlab.sim.policy.state import Op, Sched

_OTHER: Final = 1
_MOST_PROCS: Final = 4096
_MOST_COUNT: Final = 10_000_000
_MOST_STEPS: Final = 10_000_000
MAIN: Final = "main"


def compiled(load: w.Workload, s: Sched, seed: int) -> None:
    """Fill ``s`` with the workload's code and what its goroutines share.

    Raises:
        BadWorkload: a step that cannot be; the message names the goroutine and the step.
    """
    _Compiler(load, s, Random(f"{seed} work")).all()


def check_procs(load: w.Workload) -> None:
    """Raises:
    BadWorkload: no number of Ps.
    """
    if isinstance(load.procs, bool) or not isinstance(load.procs, int) or not 1 <= load.procs <= _MOST_PROCS:
        raise BadWorkload(f"procs: {load.procs!r} is not from 1 to {_MOST_PROCS}")


class _Compiler:
    def __init__(self, load: w.Workload, s: Sched, random: Random) -> None:
        self.load, self.s, self.random = load, s, random
        self.mutexes: dict[str, int] = {}
        self.groups: dict[str, int] = {}
        self.channels = {name: number for number, name in enumerate(load.channels)}
        self.connections = {name: number for number, name in enumerate(load.connections)}
        self.numbers: dict[str, int] = {}
        self.drawers: dict[Duration, Any] = {}
        self.code: list[Op] = []
        self.program = ""

    def all(self) -> None:
        load, s = self.load, self.s
        for name, capacity in load.channels.items():
            _whole(capacity, f"channel {name!r}: a capacity", 0)
            s.channels.append(blocking.Channel(capacity))
        for name, latency in load.connections.items():
            _whole(latency, f"connection {name!r}: a latency in ns", 0)
            s.connections.append(Connection(latency))
        programs = self.with_main()
        for number, program in enumerate(programs):
            if program.name in self.numbers:
                raise BadWorkload(f"there are two programs {program.name!r}")
            _whole(program.count, f"goroutine {program.name!r}: a count", 0)
            self.numbers[program.name] = number
        for program in programs:
            self.code, self.program = [], program.name
            self.steps(program.steps, "")
            self.put(run.leave, 0, 0, "its end")
            s.programs.append((program.name, self.code))
        s.mutexes.extend(blocking.Mutex() for _ in self.mutexes)
        s.groups.extend(blocking.Group() for _ in self.groups)

    def with_main(self) -> list[w.Program]:
        """All programs, main first."""
        programs = list(self.load.programs)
        if not programs:
            raise BadWorkload("there is no goroutine in it")
        own = [program for program in programs if program.name == MAIN]
        if own:
            return [*own, *(program for program in programs if program.name != MAIN)]
        spawns = tuple(w.Spawn(program.name, program.count) for program in programs if program.count)
        return [w.Program(MAIN, (*spawns, w.Join())), *programs]

    def steps(self, steps: Iterable[w.Step], before: str) -> None:
        for number, step in enumerate(steps, 1):
            self.step(step, f"{before}{number}")

    def put(self, function: Any, first: object, second: object, where: str, kind: int = _OTHER) -> None:
        if len(self.code) >= _MOST_STEPS:
            raise BadWorkload(f"goroutine {self.program!r} has more than {_MOST_STEPS} steps")
        self.code.append((kind, function, first, second, where))

    def step(self, step: w.Step, number: str) -> None:
        kind = type(step).__name__
        where = f"step {number} ({kind})"
        at = f"goroutine {self.program!r}, {where}"
        match step:
            case w.Compute(duration):
                self.put(None, self.draw(duration, at), 0, where, COMPUTE)
            case w.Sleep(duration):
                self.put(run.sleep, self.draw(duration, at), 0, where)
            case w.Syscall(duration, blocking=blocks):
                self.put(run.blocking_syscall if blocks else run.syscall, self.draw(duration, at), 0, where)
            case w.Cgo(duration, callback, after):
                self.cgo(self.draw(duration, at), callback, self.draw(after, at), where, number)
            case w.Network(duration):
                self.put(run.network, self.draw(duration, at), 0, where)
            case w.Send(name):
                self.put(blocking.send, self.of(self.channels, name, "channel", at), 0, where)
            case w.Receive(name):
                self.put(blocking.receive, self.of(self.channels, name, "channel", at), 0, where)
            case w.Close(name):
                self.put(blocking.close, self.of(self.channels, name, "channel", at), 0, where)
            case w.Select(cases, default):
                self.select(cases, default, at, where, number)
            case w.Write(name, duration):
                cost = self.s.costs.write_ns if duration is None else self.draw(duration, at)
                self.put(run.socket, cost, 0, where)
                self.put(run.write, self.of(self.connections, name, "connection", at), 0, where)
            case w.Read(name, duration):
                cost = self.s.costs.read_ns if duration is None else self.draw(duration, at)
                self.put(run.socket, self.s.costs.read_ns, 0, where)
                self.put(run.read, self.of(self.connections, name, "connection", at), 0, where)
                self.put(run.socket, cost, 0, where)
            case _:
                self.other(step, at, where, number)

    def other(self, step: w.Step, at: str, where: str, number: str) -> None:
        """The steps that are not about a time or a place to wait."""
        match step:
            case w.Yield():
                self.put(run.gosched, 0, 0, where)
            case w.Lock(name):
                self.put(blocking.lock, _numbered(self.mutexes, name), 0, where)
            case w.Unlock(name):
                self.put(blocking.unlock, _numbered(self.mutexes, name), 0, where)
            case w.Add(name, count):
                self.put(blocking.add, _numbered(self.groups, name), count, where)
            case w.Done(name):
                self.put(blocking.add, _numbered(self.groups, name), -1, where)
            case w.Wait(name):
                self.put(blocking.wait, _numbered(self.groups, name), 0, where)
            case w.Alloc(count, kept):
                count = _whole(count, f"{at}: a number of bytes", 0)
                if self.load.heap.gogc >= 0:
                    self.put(gc.deduct, count, 0, where)
                    self.put(gc.assist, 0, 0, where)
                self.put(gc.alloc, count, kept, where)
            case w.LockThread():
                self.put(run.lock_thread, 0, 0, where)
            case w.UnlockThread():
                self.put(run.unlock_thread, 0, 0, where)
            case w.Join():
                self.put(blocking.join, 0, 0, where)
            case w.Spawn(name, count):
                spawned = self.of(self.numbers, name, "program", at)
                self.loop(
                    _whole(count, f"{at}: a count", 0),
                    at,
                    where,
                    lambda: self.put(run.spawn, spawned, 0, where),
                )
            case w.Range(name, steps):
                self.range(self.of(self.channels, name, "channel", at), steps, where, number)
            case w.Repeat(times, steps):
                times = _whole(times, f"{at}: a number of times", 0)
                self.loop(times, at, where, lambda: self.steps(steps, f"{number}."))
            case _:
                raise BadWorkload(f"goroutine {self.program!r}, step {number}: {step!r} is no step")

    def loop(self, times: int, at: str, where: str, body: Any) -> None:
        if times == 1:
            body()
            return
        begin = len(self.code)
        self.put(run.loop_begin, times, 0, where)
        body()
        if len(self.code) == begin + 1:
            raise BadWorkload(f"{at}: there is nothing to repeat")
        self.put(run.loop_end, begin + 1, 0, where)
        self.code[begin] = (_OTHER, run.loop_begin, times, len(self.code), where)

    def range(self, channel: int, steps: tuple[w.Step, ...], where: str, number: str) -> None:
        begin = len(self.code)
        self.put(blocking.receive_or_end, channel, 0, where)
        self.steps(steps, f"{number}.")
        self.put(run.jump, begin, 0, where)
        self.code[begin] = (_OTHER, blocking.receive_or_end, channel, len(self.code), where)

    def cgo(self, first: Any, callback: tuple[w.Step, ...], last: Any, where: str, number: str) -> None:
        if not callback:
            self.put(run.cgo, first, 0, where)
            if last != 0:
                self.put(run.cgo_again, last, 0, where)
            return
        self.put(run.cgo, first, 1, where)
        self.steps(callback, f"{number}.")
        self.put(run.unlock_thread, 0, 0, where)
        self.put(run.cgo_again, last, 0, where)

    def select(
        self,
        cases: tuple[w.Send | w.Receive | w.Case, ...],
        default: bool | tuple[w.Step, ...],
        at: str,
        where: str,
        number: str,
    ) -> None:
        """The cases, then their bodies, each with a jump behind the last one."""
        if not cases and default is False:
            raise BadWorkload(f"{at}: a select without cases waits for ever")
        ons, bodies = [], []
        for case in cases:
            ons.append(case.on if isinstance(case, w.Case) else case)
            bodies.append(case.steps if isinstance(case, w.Case) else ())
        for on in ons:
            if not isinstance(on, w.Send | w.Receive):
                raise BadWorkload(f"{at}: {on!r} is no case", remedy="A case sends or receives.")
        if not isinstance(default, bool):
            bodies.append(default)
        begin = len(self.code)
        self.put(blocking.select, (), 0, where)
        targets, jumps = [], []
        for place, body in enumerate(bodies, 1):
            targets.append(len(self.code) if body else -1)
            self.steps(body, f"{number}.{place}.")
            if body:
                jumps.append(len(self.code))
                self.put(run.jump, 0, 0, where)
        end = len(self.code)
        for jump in jumps:
            self.code[jump] = (_OTHER, run.jump, end, 0, where)
        targets = [end if target < 0 else target for target in targets]
        numbers = [
            (isinstance(on, w.Send), self.of(self.channels, on.channel, "channel", at), target)
            for on, target in zip(ons, targets, strict=False)
        ]
        otherwise = -1 if default is False else end if default is True else targets[-1]
        self.code[begin] = (_OTHER, blocking.select, numbers, otherwise, where)

    def draw(self, duration: Duration, at: str) -> Any:
        """An int, or a function that draws one."""
        if isinstance(duration, bool) or not isinstance(duration, Duration):
            raise BadWorkload(f"{at}: {duration!r} is no duration")
        wrong = fault(duration)
        if wrong:
            raise BadWorkload(f"{at}: {wrong}")
        if isinstance(duration, int):
            return duration
        if duration not in self.drawers:
            self.drawers[duration] = duration.drawer(self.random)
        return self.drawers[duration]

    def of(self, table: dict[str, int], name: str, what: str, at: str) -> int:
        if name not in table:
            known = f"There are: {', '.join(table)}." if table else f"The workload names no {what}."
            raise BadWorkload(f"{at}: there is no {what} {name!r}", remedy=known)
        return table[name]


def _numbered(table: dict[str, int], name: str) -> int:
    return table.setdefault(name, len(table))


def _whole(value: object, what: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST_COUNT << 10:
        raise BadWorkload(f"{what} of {value!r} cannot be", remedy=f"Give a whole number from {least} on.")
    return value
