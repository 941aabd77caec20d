"""How one line is read: tolerant, key=value by key=value, in bytes.

The runtime writes a line as many small writes, so a foreign write can stand between any two of them. A line
is therefore cut where a record begins, and each piece is read to its last byte or refused with a reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from schedlab.capture.schedtrace.records import SCALARS, G, M, P
from schedlab.capture.schedtrace.statuses import G_SCAN, Release, g_status_name, p_status_name
from schedlab.capture.stderr_lines import decoded

MAX_PROCS = 1 << 14
"""The most Ps that a SCHED line may list."""

DETAIL_KEYS = ("gcwaiting", "nmidlelocked", "stopwait", "sysmonwait")

_RECORD = re.compile(rb"SCHED (?=\d+ms:)|  (?:[PG](?=\d+: status=)|M(?=\d+: p=))")
_KINDS = {b"H": "SCHED", b"P": "P", b"M": "M", b"G": "G"}  # by the third byte of the match
_TIME = re.compile(rb"SCHED (\d+)ms:")
_TOKEN = re.compile(rb" +(?:([A-Za-z_][\w.]*)=)?(\[[^\[\]]*\]|[^ \[\]]+)")
_KEY = re.compile(rb" ([A-Za-z_][\w.]*)=")
_INTEGER = re.compile(rb"-?\d{1,18}")
_TORN_HEAD = re.compile(rb"SCHED (?:\d|$)|  [PMG]\d+(:[^=]*)?$")
_TORN_KEY = re.compile(
    rb"schedticks=\[|\b(?:idleprocs|spinningthreads|needspinning|idlethreads|nmidlelocked|sysmonwait|schedtick"
    rb"|syscalltick|runqsize|gfreecnt|timerslen|mallocing|preemptoff|lockedg|lockedm)="
)
_REQUIRED = ("gomaxprocs", "idleprocs", "threads", "idlethreads", "runqueue")
_ALIASES = {"nmspinning": "spinningthreads"}  # Go 1.2, in detail mode only
_SHOWN_BYTES = 40


@dataclass(slots=True)
class Summary:
    """A SCHED line. ``counts`` lacks what was not printed; ``detail`` is empty without scheddetail."""

    time_ms: int
    counts: dict[str, int] = field(default_factory=dict)
    runq: list[int] | None = None
    ticks: list[int] | None = None
    detail: dict[str, int] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A piece that looks like a record and is none; its text is the reason. It never leaves this package."""


def pieces(line: bytes) -> list[tuple[str, bytes]]:
    """``line`` cut before each record that begins in it; the pieces joined are ``line``.

    With each piece goes the record that it begins: ``SCHED``, ``P``, ``M`` or ``G``, or empty for the
    piece before the first.
    """
    cuts = [(match.start(), _KINDS[match[0][2:3]]) for match in _RECORD.finditer(line)]
    if not cuts:
        return [("", line)]
    if cuts[0][0] != 0:
        cuts.insert(0, (0, ""))
    stops = [start for start, _ in cuts[1:]] + [len(line)]
    return [(kind, line[start:stop]) for (start, kind), stop in zip(cuts, stops, strict=True)]


def torn(piece: bytes) -> str:
    """Why ``piece``, in which no record begins, is part of a torn one; empty when it is not."""
    head = _TORN_HEAD.match(piece.rstrip(b"\r"))
    if head and (head[1] is None or _begins_detail(piece)):
        return "torn: only the beginning of a record"
    if b"=" in piece:
        keys = set(_TORN_KEY.findall(piece))
        if len(keys) >= 2 or b"schedticks=[" in keys:
            return "torn: the rest of a record whose beginning is missing"
    return ""


def read_summary(piece: bytes) -> Summary:
    """What a SCHED line says; whether that is all it must say is not looked at here. Raises Refused."""
    piece = piece.rstrip(b" \t\r")
    head = _TIME.match(piece)
    if not head:
        raise Refused("torn: no time")
    summary = Summary(_integer(head[1], "the time"))
    at = head.end()
    while at < len(piece):
        token = _TOKEN.match(piece, at)
        if not token:
            raise Refused(f"torn or interleaved at {_shown(piece[at:])}")
        _take(summary, token[1], token[2])
        at = token.end()
    return summary


def check_keys(summary: Summary) -> None:
    """Raises Refused when a SCHED line lacks what every release prints."""
    for key in _REQUIRED:
        if key not in summary.counts:
            raise Refused(f"torn: no {key}")
    if summary.detail:
        for key in DETAIL_KEYS:
            if key not in summary.detail:
                raise Refused(f"torn: no {key}")
    elif summary.runq is None:
        raise Refused("torn: no run queues")


def check_lengths(summary: Summary) -> None:
    """Raises Refused when a list has not one number for each P: ``allp`` has GOMAXPROCS elements."""
    for name, values in (("run queues", summary.runq), ("schedticks", summary.ticks)):
        if values is not None and len(values) != summary.counts["gomaxprocs"]:
            raise Refused(f"gomaxprocs={summary.counts['gomaxprocs']} but {len(values)} {name}")
        if values is not None and len(values) > MAX_PROCS:
            raise Refused(f"{len(values)} {name}: at most {MAX_PROCS} are read")


def read_p(piece: bytes, line: int, release: Release | None) -> P:
    """Raises Refused."""
    id_, fields = _head_and_fields(piece)
    status = _integer(_taken(fields, "status"), "status")
    runqsize = _taken(fields, "runqsize")
    length, capacity, _ = runqsize.partition(b"/")
    if capacity:  # Go 1.2 prints "length/capacity"; extra keeps the whole text.
        fields["runqsize"] = runqsize
    return P(
        line=line,
        id=id_,
        status=status,
        status_name=p_status_name(status, release),
        schedtick=_integer(_taken(fields, "schedtick"), "schedtick"),
        syscalltick=_integer(_taken(fields, "syscalltick"), "syscalltick"),
        m=_reference(_taken(fields, "m"), "m"),
        runqsize=_integer(length, "runqsize"),
        gfreecnt=_integer(_taken(fields, "gfreecnt"), "gfreecnt"),
        timerslen=_optional_integer(fields.pop("timerslen", None), "timerslen"),
        extra=_extra(fields),
    )


def read_m(piece: bytes, line: int) -> M:
    """Raises Refused."""
    id_, fields = _head_and_fields(piece)
    preemptoff = fields.pop("preemptoff", None)
    blocked = fields.pop("blocked", None)
    return M(
        line=line,
        id=id_,
        p=_reference(_taken(fields, "p"), "p"),
        curg=_reference(_taken(fields, "curg"), "curg"),
        mallocing=_integer(_taken(fields, "mallocing"), "mallocing"),
        throwing=_integer(_taken(fields, "throwing"), "throwing"),
        preemptoff=None if preemptoff is None else decoded(preemptoff),
        locks=_integer(_taken(fields, "locks"), "locks"),
        dying=_integer(_taken(fields, "dying"), "dying"),
        spinning=_boolean(_taken(fields, "spinning"), "spinning"),
        blocked=None if blocked is None else _boolean(blocked, "blocked"),
        lockedg=_reference(_taken(fields, "lockedg"), "lockedg"),
        extra=_extra(fields),
    )


def read_g(piece: bytes, line: int, release: Release | None) -> G:
    """Raises Refused."""
    before, opened, rest = piece.rstrip(b" \t\r").partition(b"(")
    # A wait reason may itself hold brackets: "select (no cases)".
    reason, closed, after = rest.rpartition(b") ")
    if not opened or not closed:
        raise Refused("torn: no wait reason in brackets")
    id_, fields = _head_and_fields(before + b" " + after)
    status = _integer(_taken(fields, "status"), "status")
    return G(
        line=line,
        id=id_,
        status=status,
        status_name=g_status_name(status, release),
        scan=bool(status & G_SCAN),
        wait_reason=decoded(reason),
        m=_reference(_taken(fields, "m"), "m"),
        lockedm=_reference(_taken(fields, "lockedm"), "lockedm"),
        extra=_extra(fields),
    )


def _begins_detail(piece: bytes) -> bool:
    """Whether ``  P0: sta`` is the beginning of ``  P0: status=``."""
    name, _, rest = piece.rstrip(b"\r").partition(b":")
    return (b" p=" if name.startswith(b"  M") else b" status=").startswith(rest)


def _take(summary: Summary, key_bytes: bytes | None, value: bytes) -> None:
    """Put one token of a SCHED line where it belongs."""
    key = decoded(key_bytes or b"")
    key = _ALIASES.get(key, key)
    if not key:
        if not value.startswith(b"["):
            raise Refused(f"torn or interleaved at {_shown(value)}")
        _once(summary.runq is not None, "the list of run queues")
        summary.runq = _integers(value, "the list of run queues")
    elif key == "schedticks":
        _once(summary.ticks is not None, key)
        summary.ticks = _integers(value, key)
    elif key in SCALARS:
        _once(key in summary.counts, key)
        summary.counts[key] = _integer(value, key)
    elif key in DETAIL_KEYS:
        _once(key in summary.detail, key)
        is_flag = key in ("gcwaiting", "sysmonwait")
        summary.detail[key] = int(_boolean(value, key)) if is_flag else _integer(value, key)
    else:
        _once(key in summary.extra, key)
        summary.extra[key] = decoded(value)


def _head_and_fields(piece: bytes) -> tuple[int, dict[str, bytes]]:
    """The number and the key=value fields of a P, M or G line."""
    head, _, rest = piece.rstrip(b" \t\r").partition(b":")
    before, *found = _KEY.split(rest)
    if before:
        raise Refused(f"torn or interleaved at {_shown(before)}")
    fields: dict[str, bytes] = {}
    for key, value in zip(found[::2], found[1::2], strict=True):
        _once(decoded(key) in fields, decoded(key))
        fields[decoded(key)] = value
    return _integer(head[3:], "the number"), fields


def _taken(fields: dict[str, bytes], key: str) -> bytes:
    if key not in fields:
        raise Refused(f"torn: no {key}")
    return fields.pop(key)


def _extra(fields: dict[str, bytes]) -> dict[str, str]:
    return {key: decoded(value) for key, value in fields.items()}


def _integer(text: bytes, name: str) -> int:
    # 18 digits: what surely fits int64, and what the fast path reads.
    if not _INTEGER.fullmatch(text):
        raise Refused(f"{name} is {_shown(text)}, not an integer of at most 18 digits")
    return int(text)


def _optional_integer(text: bytes | None, name: str) -> int | None:
    return None if text is None else _integer(text, name)


def _integers(text: bytes, name: str) -> list[int]:
    if not text.startswith(b"["):
        raise Refused(f"{name} is {_shown(text)}, not a list in brackets")
    return [_integer(number, name) for number in text[1:-1].split()]


def _reference(text: bytes, name: str) -> int | None:
    """A number of another P, M or G; none is ``nil`` since Go 1.20 and was -1 before."""
    if text == b"nil":
        return None
    number = _integer(text, name)
    return None if number == -1 else number


def _boolean(text: bytes, name: str) -> bool:
    if text in (b"true", b"1"):
        return True
    if text in (b"false", b"0"):
        return False
    raise Refused(f"{name} is {_shown(text)}, not true, false, 1 or 0")


def _once(seen: bool, name: str) -> None:
    if seen:
        raise Refused(f"interleaved: {name} twice")


def _shown(text: bytes) -> str:
    return repr(decoded(text[:_SHOWN_BYTES]))
