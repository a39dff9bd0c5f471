"""The second barrier: a process gives up, for good, the means to open a network connection.

A seccomp filter (https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html) makes `socket` and `connect`
fail with EPERM. Sockets that are open already go on working. It needs no privileges. Elsewhere than on Linux on x86-64
or arm64 nothing happens, and the guard is the only barrier.
"""

import ctypes
import platform
import struct
import sys

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CALLS = {"x86_64": (41, 42, 49, 50, 53), "aarch64": (198, 203, 200, 201, 199)}  # socket connect bind listen socketpair
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER_MODE = 38, 22, 2
_ALLOW, _ERRNO_EPERM = 0x7FFF0000, 0x00050001
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06


def forbid_connections() -> bool:
    """Forbid this process to open connections; return whether the system took it on."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _CALLS:
        return False
    calls = _CALLS[machine]
    program = [(_LOAD, 0, 0, 4), (_EQUAL, 0, len(calls) + 1, _AUDIT_ARCH[machine]), (_LOAD, 0, 0, 0)]
    program += [(_EQUAL, len(calls) - n, 0, call) for n, call in enumerate(calls)]
    program += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERRNO_EPERM)]
    # A foreign architecture jumps past the comparisons to the first return: such a call cannot come from this process.
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
    head = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        and libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.c_void_p(ctypes.addressof(head)), 0, 0) == 0
    )
