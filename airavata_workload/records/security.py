"""How a machine lets in those who bring jobs and files to it."""

from __future__ import annotations

from enum import StrEnum


class SecurityProtocol(StrEnum):
    """How one proves who one is."""

    USERNAME_PASSWORD = "USERNAME_PASSWORD"  # noqa: S105 - the name of a member
    SSH_KEYS = "SSH_KEYS"
    GSI = "GSI"
    KERBEROS = "KERBEROS"
    OAUTH = "OAUTH"
    LOCAL = "LOCAL"
