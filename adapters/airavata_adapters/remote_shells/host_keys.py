"""Is the machine that answers the one we know? Reads known_hosts files as OpenSSH does.

Source: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"; ssh_config(5), ``GlobalKnownHostsFile``; for a host on another port than
22 whose key is filed under the bare name: OpenSSH, sshconnect.c, ``check_host_key``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from airavata_workload.domain.errors import HostKeyError

USER_FILE = "~/.ssh/known_hosts"
GLOBAL_FILE = "/etc/ssh/ssh_known_hosts"
DEFAULT_PORT = 22


@dataclass(frozen=True, slots=True)
class KnownHost:
    """One line of a known_hosts file: for which hosts, which key, and whether it is marked ``@revoked``."""

    patterns: tuple[str, ...]
    key_type: str
    key: bytes
    revoked: bool = False

    def is_for(self, name: str) -> bool:
        """Whether the line speaks of the host of that name (``host`` or ``[host]:port``)."""
        found = False
        for pattern in self.patterns:
            wanted = not pattern.startswith("!")
            if _matches(pattern.removeprefix("!"), name.lower()):
                if not wanted:
                    return False
                found = True
        return found


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith("|1|"):
        try:
            salt, digest = (base64.b64decode(part) for part in pattern[3:].split("|"))
        except ValueError:
            return False
        return hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), digest)
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", pattern))
    return re.fullmatch("".join(parts), name, re.IGNORECASE) is not None


def parse_known_hosts(text: str) -> list[KnownHost]:
    """The lines of a known_hosts file; comments, certificate authorities and lines that make no sense are left out."""
    known = []
    for line in text.splitlines():
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        marker = fields.pop(0) if fields[0].startswith("@") else ""
        if marker not in ("", "@revoked") or len(fields) < 3:
            continue
        try:
            key = base64.b64decode(fields[2], validate=True)
        except binascii.Error:
            continue
        known.append(KnownHost(tuple(fields[0].split(",")), fields[1], key, revoked=marker == "@revoked"))
    return known


def fingerprint(key: bytes) -> str:
    """The key's SHA-256 fingerprint as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


class HostKeyChecker:
    """What is known about one host, read once for each connection."""

    def __init__(self, host: str, port: int, file: str | None) -> None:
        """``file`` is used alone if given; else the user's file and the machine's.

        Raises ``HostKeyError`` for a file that is there and cannot be read.
        """
        self.host = host
        self.port = port
        self.name = host if port == DEFAULT_PORT else f"[{host}]:{port}"
        self.file = Path(file or USER_FILE).expanduser()
        lines = _read([self.file] if file else [self.file, Path(GLOBAL_FILE)])
        self._revoked = [line for line in lines if line.revoked and (line.is_for(self.name) or line.is_for(host))]
        self._known = [line for line in lines if not line.revoked and line.is_for(self.name)]
        self._known_without_port = [line for line in lines if not line.revoked and line.is_for(host)]

    def preferred(self, offered: Sequence[str]) -> list[str]:
        """Host key algorithms in the order to ask for: first those for which a key is known, as OpenSSH does."""
        known = {line.key_type for line in self._known or self._known_without_port}
        # An RSA key signs with SHA-2 under two other names (RFC 8332).
        return sorted(offered, key=lambda name: _key_type(name) not in known)

    def check(self, key_type: str, key: bytes) -> None:
        """Raise ``HostKeyError``, with the commands that would accept the key, unless the key is known."""
        seen = f"{key_type} {fingerprint(key)}"
        if any(line.key == key for line in self._revoked):
            raise HostKeyError(
                f"The host key of {self.name} ({seen}) is marked as revoked in {self.file}.",
                remedy="Do not trust this machine; ask its administrator for its new key.",
            )
        if any(line.key == key for line in self._known):
            return
        if not self._known:
            if any(line.key == key for line in self._known_without_port):
                return
            raise HostKeyError(
                f"The host key of {self.name} is not known; it shows {seen}.",
                remedy=f"If that fingerprint is right, accept it with: {self._scan_command()}",
            )
        expected = ", ".join(f"{line.key_type} {fingerprint(line.key)}" for line in self._known)
        raise HostKeyError(
            f"The host key of {self.name} has changed: {self.file} knows {expected}; it now shows {seen}. "
            "Somebody may be listening in, or the machine was set up anew.",
            remedy="If its administrator confirms the new fingerprint, accept it with: "
            f"ssh-keygen -f {shlex.quote(str(self.file))} -R {shlex.quote(self.name)} && {self._scan_command()}",
        )

    def _scan_command(self) -> str:
        return f"ssh-keyscan -p {self.port} {shlex.quote(self.host)} >> {shlex.quote(str(self.file))}"


def _key_type(algorithm: str) -> str:
    return "ssh-rsa" if algorithm in ("rsa-sha2-256", "rsa-sha2-512") else algorithm


def _read(files: Iterable[Path]) -> list[KnownHost]:
    known = []
    for file in files:
        try:
            known += parse_known_hosts(file.read_text("utf-8", "replace"))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise HostKeyError(
                f"Cannot read the known hosts in {file}: {error.strerror}.",
                remedy="Make the file readable or name another one as known_hosts_file.",
            ) from error
    return known
