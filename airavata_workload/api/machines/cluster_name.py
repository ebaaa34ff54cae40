"""What the engine calls a registered resource as somebody's resource profiles let them use it.

The name is the id of the compute or storage resource, ``..gateway-ID`` for the
gateway whose profiles let it be used, then, as far as they apply,
``..group-ID`` for a group resource profile in place of the gateway's own,
``..user-NAME`` for a user who works as themselves, ``..login-NAME`` and
``..scratch-PATH`` for what an experiment overrides::

    alpha.example.org_2f0c…..gateway-chemistry..group-7d1e…..user-ada_40example_2eorg

It may stand wherever the name of a cluster may, also in ``NAME:/path``. In the
parts, ``_`` and two hexadecimal digits stand for a byte that is not a letter,
a digit or ``-``; ids of resources hold no ``..``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SEPARATOR = ".."
_PARTS = ("gateway", "group", "user", "login", "scratch")
_PLAIN = re.compile(r"[A-Za-z0-9-]")
_ESCAPED = re.compile(r"(?:[A-Za-z0-9-]|_[0-9a-f]{2})+")
_RESOURCE = re.compile(r"[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterName:
    """The parts of such a name; those that are empty do not apply."""

    resource: str
    gateway: str
    group: str = ""
    user: str = ""
    login: str = ""
    scratch: str = ""

    def __str__(self) -> str:
        """The name."""
        named = ((part, getattr(self, part)) for part in _PARTS)
        return _SEPARATOR.join([self.resource, *(f"{part}-{_escape(value)}" for part, value in named if value)])

    @classmethod
    def parse(cls, text: str) -> ClusterName | None:
        """The parts of a name; ``None`` for a name of another form, as cluster files have."""
        resource, *parts = text.split(_SEPARATOR)
        if not _RESOURCE.fullmatch(resource):
            return None
        values: dict[str, str] = {}
        for each in parts:
            part, dash, escaped = each.partition("-")
            value = _unescape(escaped)
            if not dash or part not in _PARTS or part in values or not value:
                return None
            values[part] = value
        name = cls(**{"gateway": "", **values}, resource=resource)
        return name if name.gateway and str(name) == text else None


def _escape(value: str) -> str:
    return "".join(
        chr(byte) if _PLAIN.fullmatch(chr(byte)) else f"_{byte:02x}" for byte in value.encode("utf-8", "surrogatepass")
    )


def _unescape(text: str) -> str:
    """What was escaped; '' for text that no value gives."""
    if not _ESCAPED.fullmatch(text):
        return ""
    data = re.sub(rb"_([0-9a-f]{2})", lambda match: bytes.fromhex(match[1].decode()), text.encode())
    return data.decode("utf-8", "replace")
