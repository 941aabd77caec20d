"""Bounds for the program, set between fork and exec; imported by the supervisor where they are asked for.

Bare numbers of the kernel's interfaces: linux/seccomp.h, linux/filter.h, linux/landlock.h and the tables of
system calls. None of it needs a right that an ordinary user lacks.
"""

# pathlib costs an import at the start of every run.
# ruff: noqa: PTH112, PTH123

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from schedlab.process._messages import ConfinementSpec

_PR_SET_SECCOMP = 22
_PR_GET_SECCOMP = 21
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000  # with an errno in its low half
_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_CLONE_THREAD = 0x00010000
# Numbers of the other ABI of amd64 begin here.
_X32 = 0x40000000

# Per machine: its name for audit, the two ways to make a thread, the ways to make a process or to meddle
# with one, and the call by which the Go runtime signals its own threads.
_CALLS = {
    "x86_64": {
        "audit": 0xC000003E,
        "clone": 56,
        "clone3": 435,
        # fork, vfork, ptrace, process_vm_writev, kill, tkill, rt_sigqueueinfo, rt_tgsigqueueinfo,
        # pidfd_send_signal
        "refused": (57, 58, 101, 311, 62, 200, 129, 297, 424),
        "tgkill": 234,
    },
    "aarch64": {
        "audit": 0xC00000B7,
        "clone": 220,
        "clone3": 435,
        "refused": (117, 271, 129, 130, 138, 240, 424),
        "tgkill": 131,
    },
}

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_EXECUTE = 1 << 0
_WRITE_FILE = 1 << 1
# Remove folders and files; make special files, folders, files, sockets, pipes, links.
_CHANGE_FOLDER = 0b11111111_10000
_REFER = 1 << 13  # ABI 2
_TRUNCATE = 1 << 14  # ABI 3
_ON_FILES = _EXECUTE | _WRITE_FILE | _TRUNCATE
_RULE_PATH_BENEATH = 1
_ELF64_LITTLE_ENDIAN = b"\x7fELF\x02\x01"
_PT_INTERP = 3
_O_PATH = getattr(os, "O_PATH", 0)


def confine(spec: ConfinementSpec, program: bytes) -> None:
    """Bind this process, and all that it becomes, to ``spec``. Raises: OSError."""
    import resource

    for name, value in spec["limits"]:
        _, highest = resource.getrlimit(getattr(resource, name))
        bound = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(getattr(resource, name), (bound, bound))
    if spec["writable"] is not None and has_landlock():
        _no_new_privileges()
        _landlock(spec["writable"], program)
    if not spec["children"] and has_seccomp():
        _no_new_privileges()
        _filter_calls(os.getpid())


def has_seccomp() -> bool:
    """Whether system calls can be filtered here."""
    if sys.platform != "linux" or platform.machine() not in _CALLS:
        return False
    # EINVAL where the kernel is built without; filters of an outer container do not matter.
    return int(_library().prctl(_PR_GET_SECCOMP, 0, 0, 0, 0)) >= 0


def has_landlock() -> bool:
    """Whether a process can give up the right to write files here."""
    return _landlock_version() > 0


def _no_new_privileges() -> None:
    _check(_library().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def _filter_calls(own_pid: int) -> None:
    program = b"".join(_filter(_CALLS[platform.machine()], own_pid))
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    argument = ctypes.create_string_buffer(header, len(header))
    library = _library()
    _check(library.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(argument), 0, 0))


def _filter(calls: dict[str, object], own_pid: int) -> list[bytes]:
    """Classic BPF: whatever makes a process or reaches into another fails; all else is allowed."""
    refused = calls["refused"]
    assert isinstance(refused, tuple)
    allow, refuse = _step(_RETURN, _ALLOW), _step(_RETURN, _REFUSE | errno.EPERM)
    return [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, calls["audit"], 1, 0),
        refuse,
        _step(_LOAD, _NUMBER),
        _step(_AT_LEAST, _X32, 0, 1),
        refuse,
        # Go makes threads by clone; who is told that there is no clone3 uses clone too.
        _step(_EQUAL, calls["clone3"], 0, 1),
        _step(_RETURN, _REFUSE | errno.ENOSYS),
        _step(_EQUAL, calls["clone"], 0, 4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_ANY_BIT, _CLONE_THREAD, 0, 1),
        allow,
        refuse,
        _step(_EQUAL, calls["tgkill"], 0, 4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_EQUAL, own_pid, 0, 1),
        allow,
        refuse,
        *(part for number in refused for part in (_step(_EQUAL, number, 0, 1), refuse)),
        allow,
    ]


def _step(code: int, operand: object, if_so: int = 0, if_not: int = 0) -> bytes:
    assert isinstance(operand, int)
    return struct.pack("HBBI", code, if_so, if_not, operand)


def _landlock_version() -> int:
    if sys.platform != "linux":
        return 0
    return max(0, int(_library().syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1))))


def _landlock(writable: list[bytes], program: bytes) -> None:
    version = _landlock_version()
    handled = _EXECUTE | _WRITE_FILE | _CHANGE_FOLDER
    handled |= _REFER if version >= 2 else 0
    handled |= _TRUNCATE if version >= 3 else 0
    attributes = ctypes.create_string_buffer(struct.pack("Q", handled), 8)
    library = _library()
    rules = _check(library.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(8), ctypes.c_uint(0)))
    try:
        _allow(rules, program, _EXECUTE)
        loader = _loader(program)
        if loader:
            _allow(rules, loader, _EXECUTE)
        _allow(rules, os.devnull.encode(), _WRITE_FILE)
        for place in writable:
            _allow(rules, place, handled & ~_EXECUTE)
        _check(library.syscall(_LANDLOCK_RESTRICT, ctypes.c_int(rules), ctypes.c_uint(0)))
    finally:
        os.close(rules)


def _loader(program: bytes) -> bytes | None:
    """The dynamic loader that the kernel executes too (PT_INTERP, elf(5)); None if the program has none.

    A Go program has one if it uses cgo.
    """
    try:
        with open(program, "rb") as file:
            header = file.read(64)
            if header[:6] != _ELF64_LITTLE_ENDIAN:
                return None
            (table,) = struct.unpack_from("<Q", header, 32)
            size, count = struct.unpack_from("<HH", header, 54)
            for number in range(count):
                file.seek(table + number * size)
                kind, _, offset, _, _, length = struct.unpack("<IIQQQQ", file.read(40))
                if kind == _PT_INTERP:
                    file.seek(offset)
                    return file.read(length).rstrip(b"\0")
    except (OSError, struct.error):
        # Whatever is wrong with it, exec says it better.
        pass
    return None


def _allow(rules: int, place: bytes, rights: int) -> None:
    descriptor = os.open(place, _O_PATH | os.O_CLOEXEC)
    try:
        if not os.path.isdir(place):
            rights &= _ON_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, descriptor), 12)
        _check(
            _library().syscall(
                _LANDLOCK_ADD, ctypes.c_int(rules), ctypes.c_int(_RULE_PATH_BENEATH), rule, ctypes.c_uint(0)
            )
        )
    finally:
        os.close(descriptor)


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    library.syscall.restype = ctypes.c_long
    return library


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(result)
