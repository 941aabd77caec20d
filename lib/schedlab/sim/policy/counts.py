"""The places of the probes' counters, and the states and reasons in the log."""

from __future__ import annotations

from typing import Final

from schedlab.capture.probes import NAMES
from schedlab.timeline import State

RUN_OTHER: Final = NAMES.index("run_other")
RUN_RUNNEXT: Final = NAMES.index("run_runnext")
RUN_LOCAL: Final = NAMES.index("run_local")
RUN_GLOBAL: Final = NAMES.index("run_global")
RUN_GLOBAL_TICK: Final = NAMES.index("run_global_tick")
RUN_NETPOLL: Final = NAMES.index("run_netpoll")
RUN_GC_WORKER: Final = NAMES.index("run_gc_worker")
RUN_STOLEN: Final = NAMES.index("run_stolen")
RUN_STOLEN_TIMER: Final = NAMES.index("run_stolen_timer")
SYSCALL_REGAINED: Final = NAMES.index("syscall_regained")
CREATE: Final = NAMES.index("create")
EXIT: Final = NAMES.index("exit")
PARK: Final = NAMES.index("park")
READY: Final = NAMES.index("ready")
READY_NETPOLL: Final = NAMES.index("ready_netpoll")
GOSCHED: Final = NAMES.index("gosched")
YIELD: Final = NAMES.index("yield")
PREEMPT_REQUEST: Final = NAMES.index("preempt_request")
PREEMPT_HIT: Final = NAMES.index("preempt_hit")
STEAL: Final = NAMES.index("steal")
STOLEN: Final = NAMES.index("stolen")
STEAL_MISS: Final = NAMES.index("steal_miss")
OVERFLOW: Final = NAMES.index("overflow")
OVERFLOW_GS: Final = NAMES.index("overflow_gs")
GLOBAL_PUT: Final = NAMES.index("global_put")
HANDOFF: Final = NAMES.index("handoff")
RETAKE_SYSCALL: Final = NAMES.index("retake_syscall")
RETAKE_RUNNING: Final = NAMES.index("retake_running")
LOCKED_HANDOFF: Final = NAMES.index("locked_handoff")
WAKEP: Final = NAMES.index("wakep")
WAKEP_WOKE: Final = NAMES.index("wakep_woke")
START_M: Final = NAMES.index("start_m")
SPIN_START: Final = NAMES.index("spin_start")
SPIN_START_WOKEN: Final = NAMES.index("spin_start_woken")
SPIN_FOUND: Final = NAMES.index("spin_found")
SPIN_GAVE_UP: Final = NAMES.index("spin_gave_up")
SPIN_STOPPED: Final = NAMES.index("spin_stopped")

RUNNABLE: Final = int(State.RUNNABLE)
RUNNING: Final = int(State.RUNNING)
WAITING: Final = int(State.WAITING)
SYSCALL: Final = int(State.SYSCALL)
IDLE: Final = int(State.IDLE)
GONE: Final = -1

# As an execution trace spells them (traceBlockReasonStrings, traceGoStopReasonStrings).
REASONS: Final = (
    "",
    "runtime.Gosched",
    "preempted",
    "sleep",
    "chan receive",
    "chan send",
    "select",
    "sync",
    "network",
    "system goroutine wait",
    "GC background sweeper wait",
    "GC mark assist wait for work",
)
(
    NO_REASON,
    WHY_GOSCHED,
    WHY_PREEMPTED,
    WHY_SLEEP,
    WHY_RECEIVE,
    WHY_SEND,
    WHY_SELECT,
    WHY_SYNC,
    WHY_NETWORK,
    WHY_SYSTEM,
    WHY_SWEEP,
    WHY_ASSIST,
) = range(len(REASONS))
