"""Frames: many commands and their answers on the streams of one ``sh``.

Each command goes to the shell's standard input as one compound command (a
*frame*) that ends by printing a fresh random token to both output streams, with
the exit code. The token is made here for this one command, so no output can
forge it, binary output needs no escaping, and whatever login files printed
before belongs to nobody. The script is quoted as one word and evaluated in a
subshell whose input is not the shell's: ``exit``, ``cd``, ``set -e``, ``exec``, a
syntax error or a missing quote end there.

What cannot be contained: a process that a script leaves behind with the
shell's output still open may write into the output of a later command. Whoever
starts such a process redirects its output, and gives it its own session if it
is to survive a time-out.

Source: POSIX.1-2017, Shell Command Language, 2.8.1 (consequences of shell errors), 2.12 (execution environment).
"""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass

from airavata_workload.domain.errors import InputError
from airavata_workload.ports.remote_shell import CommandResult


@dataclass(frozen=True, slots=True)
class Output:
    """What came from a shell; ``ended`` when both streams are at their end and nothing more will come."""

    stdout: bytes
    stderr: bytes
    ended: bool = False


LARGE_STDIN_BYTES = 64 * 1024
"""Input beyond this is not put into a frame: it would be held in memory three times and parsed by the shell."""
_BASE64_LINE = 76 * 64
_PLAIN_TEXT = re.compile(rb"[\t\n -~]*\n")
"""Text that a here-document carries unchanged in every shell: printable ASCII that ends with a newline."""


def new_token() -> str:
    """128 random bits that mark the end of one command's output."""
    return secrets.token_hex(16)


def encode_script(script: str) -> bytes:
    """The script as bytes; a file name that is not UTF-8 keeps its bytes (``os.fsdecode``'s escape).

    Raises ``InputError`` for a script that holds NUL, which no shell can read, or characters without bytes.
    """
    if "\0" in script:
        raise InputError("A shell script cannot hold the character NUL.", remedy="Send such data as stdin.")
    try:
        return script.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise InputError(f"The script holds a character that has no UTF-8 form: {error.reason}.") from error


def quoted_script(script: str) -> bytes:
    """The script between (but without) single quotes, as a part of a shell word. Raises as ``encode_script``."""
    return encode_script(script).replace(b"'", b"'\"'\"'")


def build_frame(script: str, stdin: bytes, token: str) -> bytes:
    """The text that makes a shell run ``script`` on ``stdin`` and then print ``token`` to both of its streams."""
    # The space keeps a script that starts with '-' from being taken for an option of eval.
    subshell = b"( eval ' " + quoted_script(script) + b"' )"
    end = f"; printf '%s%d.' {token} $?; printf %s {token} >&2; }}\n".encode()
    if not stdin:
        return b"{ " + subshell + b" </dev/null" + end
    here = f" <<'{token}'".encode()
    close = f"\n{token}\n".encode()
    if _PLAIN_TEXT.fullmatch(stdin):
        return b"{ " + subshell + here + end + stdin[:-1] + close
    encoded = base64.b64encode(stdin)
    lines = b"\n".join(encoded[at : at + _BASE64_LINE] for at in range(0, len(encoded), _BASE64_LINE))
    # A pipeline's exit code is that of its last command, the script.
    return b"{ base64 -d" + here + b" | " + subshell + end + lines + close


class _Stream:
    """One output stream of the shell up to the token."""

    def __init__(self, token: bytes) -> None:
        self._token = token
        self._bytes = bytearray()
        self._searched = 0
        self.token_at = -1

    def add(self, piece: bytes) -> None:
        self._bytes += piece
        if self.token_at < 0:
            self.token_at = self._bytes.find(self._token, self._searched)
            self._searched = max(0, len(self._bytes) - len(self._token))

    @property
    def everything(self) -> bytes:
        return bytes(self._bytes)

    @property
    def before(self) -> bytes:
        return bytes(self._bytes[: self.token_at])

    @property
    def after(self) -> bytes:
        return bytes(self._bytes[self.token_at + len(self._token) :])


class FrameReader:
    """Cuts the answer to one frame out of what the shell prints."""

    def __init__(self, token: str) -> None:
        self._stdout = _Stream(token.encode())
        self._stderr = _Stream(token.encode())

    def add(self, stdout: bytes, stderr: bytes) -> None:
        """Take what the shell has printed further."""
        self._stdout.add(stdout)
        self._stderr.add(stderr)

    @property
    def stdout_done(self) -> bool:
        """Whether the token and the exit code have come on standard output."""
        return self._stdout.token_at >= 0 and b"." in self._stdout.after

    @property
    def complete(self) -> bool:
        """Whether the whole answer has come."""
        return self.stdout_done and self._stderr.token_at >= 0

    def result(self) -> CommandResult:
        """How the command ended; only when the answer is complete."""
        code = self._stdout.after.partition(b".")[0]
        return CommandResult(exit_code=int(code), stdout=self._stdout.before, stderr=self._stderr.before)

    def rest(self, ended: bool) -> Output:
        """What has come after the answer."""
        return Output(self._stdout.after.partition(b".")[2], self._stderr.after, ended)

    def so_far(self) -> tuple[bytes, bytes]:
        """All that has come, for a message about an answer that did not."""
        return self._stdout.everything, self._stderr.everything
