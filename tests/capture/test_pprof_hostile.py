"""``schedlab.capture.pprof`` on input that was cut, changed, invented or made to fill the memory.

Whatever comes in, only the documented exceptions come out, and the memory used stays in proportion to
the stated limit. Memory is counted by tracemalloc and never by the size of the process.
"""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedlab.capture import pprof
from schedlab.capture._pprof_schema import decode
from schedlab.capture.errors import CaptureError

FIXTURES = sorted((Path(__file__).parent / "fixtures" / "pprof").glob("*.pb.gz"))
GZIPPED = {path.name: path.read_bytes() for path in FIXTURES}
PLAIN = {name: gzip.decompress(data) for name, data in GZIPPED.items()}
MIB = 1 << 20


DOCUMENTED = (pprof.NotAProfile, pprof.TruncatedProfile, pprof.DamagedProfile, pprof.ProfileTooLarge)


def use(data: bytes) -> pprof.Profile | None:
    """Read it and call everything there is, or be refused with a documented error."""
    try:
        profile = pprof.parse(data, limit_bytes=4 * MIB)
    except DOCUMENTED:
        return None
    assert profile.values.shape == (len(profile), len(profile.sample_types))
    assert len(profile.labels) == len(profile)
    assert len(profile.to_pandas()) == len(profile)
    for kind in profile.sample_types:
        assert sum(profile.folded(kind.type).values()) == profile.total(kind.type)
        profile.top(kind.type)
    assert len(profile.filter(function="main")) <= len(profile)
    return profile


def test_there_are_fixtures_to_cut() -> None:
    assert len(FIXTURES) == 8
    assert all(use(data) is not None for data in (*GZIPPED.values(), *PLAIN.values()))


@pytest.mark.parametrize("name", list(GZIPPED))
def test_a_gzip_cut_anywhere_is_truncated(name: str) -> None:
    data = GZIPPED[name]
    cuts = {*range(0, len(data), 64), *range(20), *range(len(data) - 12, len(data))}
    for cut in sorted(cuts):
        with pytest.raises(pprof.TruncatedProfile):
            pprof.parse(data[:cut])


@pytest.mark.parametrize("name", list(PLAIN))
def test_a_plain_profile_cut_anywhere_is_refused(name: str) -> None:
    """Go writes the string table last, so that every prefix lacks a string that something refers to."""
    data = PLAIN[name]
    for cut in range(0, len(data), 64):
        if cut < 8:
            with pytest.raises(CaptureError):
                pprof.parse(data[:cut])
        else:
            with pytest.raises(pprof.DamagedProfile):  # TruncatedProfile is one of them
                pprof.parse(data[:cut])


@given(st.binary(max_size=300))
def test_random_bytes(data: bytes) -> None:
    use(data)
    use(gzip.compress(data))
    use(b"\x1f\x8b" + data)


@settings(max_examples=150)
@given(st.sampled_from(sorted(PLAIN)), st.data())
def test_a_real_profile_with_changed_bytes(name: str, draw: st.DataObject) -> None:
    changed = bytearray(PLAIN[name])
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(changed) - 1))
        kind = draw.draw(st.sampled_from(("set", "delete", "insert", "cut")))
        if kind == "set":
            changed[at] = draw.draw(st.integers(0, 255))
        elif kind == "delete":
            del changed[at : at + draw.draw(st.integers(1, 20))]
        elif kind == "insert":
            changed[at:at] = draw.draw(st.binary(max_size=20))
        else:
            del changed[at:]
        if not changed:
            break
    use(bytes(changed))
    use(gzip.compress(changed, 1))


@settings(max_examples=60)
@given(st.sampled_from(sorted(GZIPPED)), st.integers(0, 10**6), st.integers(0, 255))
def test_a_gzip_with_one_changed_byte(name: str, position: int, value: int) -> None:
    changed = bytearray(GZIPPED[name])
    changed[position % len(changed)] = value
    use(bytes(changed))


def _one_member() -> bytes:
    return gzip.compress(bytes(64 * MIB), 1)


def _many_members() -> bytes:
    return gzip.compress(bytes(MIB), 1) * 64


def _many_members_of_a_real_profile() -> bytes:
    return GZIPPED["heap.pb.gz"] * 1000


@pytest.mark.parametrize("bomb", [_one_member, _many_members, _many_members_of_a_real_profile])
def test_a_gzip_bomb_is_refused_before_it_fills_the_memory(bomb: Callable[[], bytes]) -> None:
    data, limit = bomb(), 4 * MIB
    peak = _peak(data, limit)
    assert peak < 2 * limit + 4 * MIB


def test_a_file_longer_than_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "long.pb"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # sparse: takes no disk
    with pytest.raises(pprof.ProfileTooLarge, match="1,000 bytes"):
        pprof.load(path, limit_bytes=1000)


def test_the_limit_holds_to_the_byte() -> None:
    data = PLAIN["cpu.pb.gz"]
    # Stacks have a limit of their own; the message is the longer one here or the test says nothing.
    for wrapped in (data, gzip.compress(data)):
        with pytest.raises(pprof.ProfileTooLarge, match=rf"{len(data) - 1:,} bytes"):
            pprof.parse(wrapped, limit_bytes=len(data) - 1)
    small = PLAIN["goroutine.pb.gz"]
    assert len(pprof.parse(small, limit_bytes=len(small))) > 0


def test_inlining_that_multiplies_stacks_is_refused() -> None:
    """1,000 inlined calls, on a stack 1,000 times and more, in 1,000 stacks: 10**9 frames in 2.5 MB."""
    built = decode(b"")
    built.string_table.extend([b"", b"a", b"count"])
    built.sample_type.add(type=1, unit=2)
    built.function.add(id=1, name=1)
    location = built.location.add(id=1)
    for _ in range(1000):
        location.line.add(function_id=1)
    for extra in range(1000):
        built.sample.add(location_id=[1] * (1000 + extra), value=[1])
    data = built.SerializeToString()
    assert len(data) < 3 * MIB
    assert _peak(data, 16 * MIB) < 32 * MIB


def _peak(data: bytes, limit: int) -> int:
    """The most memory that was in use while ``data`` was refused as too large."""
    tracemalloc.start()
    try:
        with pytest.raises(pprof.ProfileTooLarge):
            pprof.parse(data, limit_bytes=limit)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_members_without_content_do_not_take_long() -> None:
    """Each costs 20 bytes and unpacks to none: the work must grow with the file, not with its square."""
    empty = zlib.compressobj(wbits=31).flush()
    assert use(empty * 50_000) is None
