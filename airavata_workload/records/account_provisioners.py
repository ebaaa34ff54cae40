"""How a user gets an account on a compute resource."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SSHAccountProvisionerConfigParamType(StrEnum):
    """What a parameter of an account provisioner is."""

    STRING = "STRING"
    CRED_STORE_PASSWORD_TOKEN = "CRED_STORE_PASSWORD_TOKEN"  # noqa: S105 - the name of a member


@dataclass(frozen=True, slots=True, kw_only=True)
class SSHAccountProvisionerConfigParam:
    """A parameter that an account provisioner needs."""

    name: str
    type: SSHAccountProvisionerConfigParamType = SSHAccountProvisionerConfigParamType.STRING
    is_optional: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SSHAccountProvisioner:
    """Something that can make accounts, or install SSH keys."""

    name: str
    can_create_account: bool
    can_install_ssh_key: bool
    config_params: tuple[SSHAccountProvisionerConfigParam, ...]
