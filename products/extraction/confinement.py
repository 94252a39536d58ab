"""What the child gives up before it looks at a byte of the file."""

import ctypes
import resource
import signal
import struct
from contextlib import suppress

from products.extraction.limits import MB, Limits

# Linux only, of include/uapi/linux/landlock.h and prctl.h.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION_FLAG = 1
_NO_NEW_PRIVS, _DUMPABLE = 38, 4
# How many of the rights on files, and on network, each version of Landlock knows.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_LATEST_FILE_RIGHTS = 16
_NETWORK_SINCE = 4


def bound(limits: Limits) -> None:
    """Set bounds that the kernel keeps: memory, time, no writing, no other process, no core."""
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_AS, limits.memory_mb * MB)
    # At the first the kernel asks to end, a second later it ends.
    _set(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1)
    _set(resource.RLIMIT_FSIZE, 0)
    # Root is not bound by this one.
    _set(resource.RLIMIT_NPROC, 0)
    # Should whoever started us be gone, nobody else would end a child that waits.
    signal.alarm(limits.wall_seconds + 1)


def shut() -> None:
    """Open nothing from here on: no file, no socket. What is needed must be loaded before."""
    _landlock()
    # Descriptors 0 to 2 stay, and there is no fourth.
    _set(resource.RLIMIT_NOFILE, 3)


def _set(which: int, soft: int, hard: int | None = None) -> None:
    ceiling = resource.getrlimit(which)[1]
    wanted = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        soft, wanted = min(soft, ceiling), min(wanted, ceiling)
    resource.setrlimit(which, (soft, wanted))


def _landlock() -> None:
    """Leave all files, and the rest of the site's processes, where the kernel has Landlock.

    A system without it has the other bounds alone.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_DUMPABLE, 0, 0, 0, 0)
        version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
        if version < 1:
            return
        files = (1 << _FILE_RIGHTS.get(version, _LATEST_FILE_RIGHTS)) - 1
        rights = struct.pack("=Q", files)
        if version >= _NETWORK_SINCE:
            # To bind, and to connect.
            rights = struct.pack("=QQ", files, 0b11)
        ruleset = libc.syscall(_CREATE_RULESET, rights, len(rights), 0)
        if ruleset >= 0 and libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            libc.syscall(_RESTRICT_SELF, ruleset, 0)
