"""What the hooks in the runtime count: one list for the Go side and for the Python side."""

from __future__ import annotations

from types import MappingProxyType

# The numbers of the kinds are their places here. Those that begin with "run_" say where a goroutine was
# found that was then run: each run is counted under exactly one of them (execute in runtime/proc.go).
KINDS = MappingProxyType(
    {
        "run_other": "run, found in no place that is known here",
        "run_runnext": "run from its P's runnext, in the same time slice",
        "run_local": "run from its P's local queue",
        "run_global": "run from the global queue, the local one being empty",
        "run_global_tick": "run from the global queue because it was its turn (every 61st)",
        "run_netpoll": "run because the network poller had it ready",
        "run_gc_worker": "run as a worker of the garbage collector",
        "run_stolen": "run after it was stolen from another P",
        "run_stolen_timer": "run after another P's timer that was due made it ready",
        "run_trace_reader": "run to read the execution trace",
        "run_syscall_exit": "run with an idle P, after a system call that lost its P",
        "run_unparked": "run on, because parking was called off",
        "coroswitch": "switches from one coroutine (iter.Pull) to another, past the scheduler",
        "syscall_regained": "ends of system calls that had lost their P and got one at once",
        "create": "goroutines made",
        "exit": "goroutines ended",
        "park": "goroutines that began to wait",
        "ready": "goroutines made runnable by another, or by a timer",
        "ready_netpoll": "goroutines made runnable by the network poller, as a list",
        "gosched": "calls of Gosched",
        "yield": "goroutines that gave way inside the runtime, as after unlocking a fair mutex",
        "preempt_request": "requests to a P's goroutine to give way",
        "preempt_hit": "goroutines that gave way because they were asked to",
        "preempt_park": "goroutines stopped so that their stack could be scanned",
        "steal": "queues of other Ps that something was taken from",
        "stolen": "goroutines taken from queues of other Ps",
        "steal_miss": "queues of other Ps that were tried in vain",
        "overflow": "times that a full local queue gave half of itself to the global one",
        "overflow_gs": "goroutines that went to the global queue that way",
        "global_put": "goroutines put into the global queue one by one",
        "handoff": "Ps handed off by a thread that could not use them",
        "retake_syscall": "Ps taken by sysmon from a thread in a system call",
        "retake_running": "time slices that sysmon found overdone",
        "locked_handoff": "Ps given to the thread that a goroutine is locked to",
        "wakep": "calls of wakep",
        "wakep_woke": "calls of wakep that woke a P",
        "start_m": "calls of startm",
        "spin_start": "threads that began to spin by themselves",
        "spin_start_woken": "threads that were woken to spin",
        "spin_found": "threads that stopped spinning because they had found work",
        "spin_gave_up": "threads that stopped spinning because there was none",
        "spin_stopped": "threads that stopped spinning because the world stopped",
    }
)
"""Every kind with its meaning."""

NAMES = tuple(KINDS)
RUNS = tuple(name for name in NAMES if name.startswith("run_"))

# So many Ps have a slot each, as the hooks see it. Further ones share that of code without a P.
PS = 256


def go_settings(ring_length: int) -> bytes:
    """The Go file with the kinds' numbers and the ring's length, which the hooks are compiled with."""
    numbers = "\n".join(f"\tschedlab{_camel(name)} = {number}" for number, name in enumerate(NAMES))
    ring = "true" if ring_length else "false"
    return (
        f"package runtime\n\nconst (\n{numbers}\n\tschedlabKinds = {len(NAMES)}\n\tschedlabPs = {PS}\n"
        f"\tschedlabRing = {ring}\n\tschedlabRingLength = {ring_length}\n)\n"
    ).encode()


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
