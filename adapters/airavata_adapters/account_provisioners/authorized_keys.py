"""A public key, and the script that lets it open the account that runs the script. Pure.

Source: sshd(8), "AUTHORIZED_KEYS FILE FORMAT"; RFC 4253, 6.6, for what a key
holds; sshd_config(5), ``StrictModes``, for the permissions.
"""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from dataclasses import dataclass
from typing import Self

from airavata_workload.domain.errors import InputError

_TYPE = re.compile(r"[a-z0-9][a-z0-9@.-]*")
_LOCK_WAIT_S = 10
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What a line of a file of public keys says: ``type base64 comment``."""

    type: str
    base64: str
    comment: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key in one such line. Raises ``InputError`` for anything else, options before the key included."""
        words = text.split(None, 2)
        if len(words) < 2 or not text.strip().isprintable() or not _is_key(words[0], words[1]):
            raise InputError("The credential's public key is no line of an SSH public key.", remedy="Make a new key.")
        return cls(*(word.strip() for word in words))

    @property
    def line(self) -> str:
        """The key as a line, without its end."""
        return f"{self.type} {self.base64} {self.comment}".rstrip()


def _is_key(kind: str, text: str) -> bool:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return bool(_TYPE.fullmatch(kind)) and key.startswith(len(kind).to_bytes(_LENGTH_BYTES, "big") + kind.encode())


def script_that_adds(key: PublicKey) -> str:
    """POSIX shell: have the key in ``~/.ssh/authorized_keys`` once, and let nobody else write there.

    A key that stands there already, with whatever options and comment, stays as it is. Two at once wait for one
    another where the machine has flock(1); the lock goes with its process, however that ends.
    """
    type_, text, line = shlex.quote(key.type), shlex.quote(key.base64), shlex.quote(key.line)
    return f"""set -eu
umask 077
cd
mkdir -p .ssh
chmod 700 .ssh
exec 9>>.ssh/authorized_keys
if command -v flock >/dev/null; then flock -w {_LOCK_WAIT_S} 9; fi
chmod 600 .ssh/authorized_keys
if ! KEY_TYPE={type_} KEY_TEXT={text} awk '
    $1 !~ /^#/ {{
        for (i = 1; i < NF; i++) if ($i == ENVIRON["KEY_TYPE"] && $(i + 1) == ENVIRON["KEY_TEXT"]) {{ found = 1; exit }}
    }}
    END {{ exit !found }}' .ssh/authorized_keys
then
    [ -z "$(tail -c 1 .ssh/authorized_keys)" ] || echo >&9
    printf '%s\\n' {line} >&9
fi
"""
