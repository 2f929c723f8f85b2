"""Refusals of a machine, said for the person who can change it."""

from __future__ import annotations

import errno
import os

from ecluse.errors import MachineError

__all__ = ["refusal"]

_PERMISSION = "ls -ld shows its owner: run ecluse as that account, or change the owner"
_ROOM = "df -h shows which disk is full: make room there"

# errno → what it means, and what can be done. Any other number is unexpected.
_MEANINGS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("no room is left on the disk", _ROOM),
    errno.EDQUOT: ("no room is left in this account's share of the disk", _ROOM),
    errno.EFBIG: ("the file would be larger than this account may write", "ulimit -f shows the limit"),
    errno.EROFS: ("the file system is read-only", "work in a copy, or mount it writable: ecluse writes to .ecluse"),
    errno.EACCES: ("permission denied", _PERMISSION),
    errno.EPERM: ("the operation is not permitted", _PERMISSION),
    errno.ENOENT: ("there is no such file or folder", "make the folder first, or correct the path"),
    errno.ENOTDIR: ("a file stands where a folder is expected", "correct the path, or move the file away"),
    errno.EISDIR: ("a folder stands where a file is expected", "correct the path, or move the folder away"),
    errno.EEXIST: ("something of that name is there already", "move it away"),
    errno.ELOOP: ("links lead in a circle", "ls -l shows them: correct the links"),
    errno.ENAMETOOLONG: ("the name is too long for this file system", "shorten it"),
    errno.EMFILE: ("too many files are open", "ulimit -n shows the limit: raise it, or run fewer jobs at once (-j)"),
    errno.ENFILE: ("too many files are open on this machine", "end other programs"),
    errno.ENOMEM: ("no memory is left", "end other programs, or run fewer jobs at once (-j)"),
    errno.EAGAIN: (
        "no more programs or threads may be started",
        "ulimit -u shows the limit: raise it, or run fewer jobs at once (-j)",
    ),
    errno.EIO: ("the disk does not answer as it should", "dmesg shows what the system says of it"),
    errno.ESTALE: ("the file was on a network disk that has changed", "run the command again"),
    errno.ETXTBSY: ("the program is being written at this moment", "run the command again"),
}


# Words of Python's own, which have no number.
_NO_THREAD = "can't start new thread"
_NO_SCRATCH = "No usable temporary directory"


def refusal(error: Exception) -> MachineError | None:
    """*error* as a sentence with a hint; None where it is not known, and so unexpected."""
    if isinstance(error, MemoryError):
        return refusal(OSError(errno.ENOMEM, ""))
    if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
        return refusal(OSError(errno.EAGAIN, ""))
    if not isinstance(error, OSError) or error.errno not in _MEANINGS:
        return None
    if isinstance(error, FileNotFoundError) and error.filename is None:
        if _NO_SCRATCH in str(error.strerror):
            return MachineError(
                "no folder for temporary files may be written",
                hint="name one in TMPDIR; in a container that is read-only, give it a tmpfs: --tmpfs /tmp",
            )
        return MachineError("the working directory is gone", hint="cd to a folder that is there")
    what, hint = _MEANINGS[error.errno]
    path = error.filename2 if error.filename2 is not None else error.filename
    where = os.fsencode(path).decode("utf-8", "replace") if isinstance(path, str | bytes | os.PathLike) else None
    return MachineError(what, where=where, hint=hint)
