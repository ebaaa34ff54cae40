"""The command line by which an SCP client asks for the other end. Read, never run. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from airavata_workload.domain.errors import InputError

_MAX_BYTES = 65_536
_FLAGS = frozenset("dfprtqv")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScpCommand:
    """What is asked for: to send ``paths`` (``sends``), or to take what comes to the only one of them.

    ``into_directory`` says that the path must be a directory.
    """

    sends: bool
    paths: tuple[str, ...]
    recursive: bool = False
    keeps_times: bool = False
    into_directory: bool = False


def parsed(command: bytes) -> ScpCommand:
    """What the command asks for. Raises ``InputError`` for any other than ``scp -f`` and ``scp -t``.

    Source: OpenSSH 9.2, ``scp.c``: -f source, -t sink, -r, -p, -d, and -q and -v, which change nothing here.
    """
    try:
        words = shlex.split(command[: _MAX_BYTES + 1].decode("utf-8"))
    except ValueError:
        words = []
    if len(command) > _MAX_BYTES or not words or words[0] != "scp":
        raise _refusal()
    flags: set[str] = set()
    paths = words[1:]
    while paths and paths[0].startswith("-"):
        word = paths.pop(0)
        if word == "--":
            break
        if len(word) < 2 or not set(word[1:]) <= _FLAGS:
            raise _refusal()
        flags |= set(word[1:])
    sends = "f" in flags
    if sends == ("t" in flags) or not paths or (not sends and len(paths) > 1):
        raise _refusal()
    return ScpCommand(
        sends=sends,
        paths=tuple(paths),
        recursive="r" in flags,
        keeps_times="p" in flags,
        into_directory="d" in flags,
    )


def _refusal() -> InputError:
    return InputError("This is a storage for files.", remedy="Use SFTP, or SCP; no other command is run here.")
