"""``[options.token_verifiers.oidc]``: which providers are trusted, and where in their tokens things stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from airavata_adapters.token_verifiers.json_over_http import is_trustworthy
from airavata_workload.domain.caller import Role
from airavata_workload.domain.errors import SettingsError
from airavata_workload.ports.backing import BackingContext

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a private key, every one. 'none' proves nothing, and HMAC needs a secret that no provider publishes."""
DEFAULTS: Mapping[str, Any] = {
    "issuers": {},
    "audience": [],
    "gateway_claim": "",
    "user_claim": "preferred_username",
    "roles_claim": "realm_access.roles",
    # The words of Airavata's own realms in Keycloak.
    "roles": {"admin": ["admin"], "read-only-admin": ["admin-read-only"], "user": ["gateway-user"]},
    "algorithms": list(ALGORITHMS),
    "leeway_s": 30.0,
    "request_time_limit_s": 5.0,
    "keys_fresh_s": 300.0,
    "keys_kept_s": 86_400.0,
    "keys_interval_s": 10.0,
    "ca_file": "",
}
_TEXTS = ("audience", "algorithms")


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcOptions:
    """What the settings say.

    ``issuers`` maps each issuer, as its tokens write it, to its gateway; ''
    leaves that to ``gateway_claim``. A token must be for one of ``audience``.
    ``roles_claim`` leads with dots into the token, and ``roles`` says by which
    of the words there each role is given. ``keys_*`` are the times of
    ``provider_keys``.
    """

    issuers: Mapping[str, str]
    audience: tuple[str, ...]
    gateway_claim: str
    user_claim: str
    roles_claim: str
    roles: Mapping[Role, frozenset[str]]
    algorithms: frozenset[str]
    leeway_s: float
    request_time_limit_s: float
    keys_fresh_s: float
    keys_kept_s: float
    keys_interval_s: float
    ca_file: str


def options_of(context: BackingContext) -> OidcOptions:
    """The options that the settings give. Raises ``SettingsError`` that names the option."""
    given = {name: _with_fraction(name, value) for name, value in context.options.items()}
    values = replace(context, options=given).settled_options(**DEFAULTS)
    for name in _TEXTS:
        if not values[name] or not _are_texts(values[name]):
            raise SettingsError(f"option '{name}' of oidc must be a list of texts, with one at least.", key=name)
    unknown = sorted(set(values["algorithms"]) - set(ALGORITHMS))
    if unknown:
        raise SettingsError(
            f"option 'algorithms' of oidc may not hold '{unknown[0]}'.",
            key="algorithms",
            remedy=f"There are {', '.join(ALGORITHMS)}.",
        )
    _check_issuers(values["issuers"], values["gateway_claim"])
    _check_times(values)
    if values["ca_file"] and not Path(values["ca_file"]).is_file():
        raise SettingsError(f"option 'ca_file' names {values['ca_file']}, which is no file.", key="ca_file")
    return OidcOptions(
        **{
            **values,
            "audience": tuple(values["audience"]),
            "algorithms": frozenset(values["algorithms"]),
            "roles": _roles(values["roles"]),
        }
    )


def _with_fraction(name: str, value: Any) -> Any:
    """Whole seconds may be written without a decimal point."""
    return float(value) if isinstance(DEFAULTS.get(name), float) and type(value) is int else value


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) and value for value in values)


def _check_issuers(issuers: Mapping[str, Any], gateway_claim: str) -> None:
    example = 'It looks like issuers = { "https://auth.example.org/realms/portal" = "portal" }.'
    if not issuers:
        raise SettingsError("option 'issuers' of oidc is missing.", key="issuers", remedy=example)
    for issuer, gateway in issuers.items():
        if not is_trustworthy(issuer):
            raise SettingsError(
                f"option 'issuers' of oidc holds '{issuer}', which is no https URL.", key="issuers", remedy=example
            )
        if not isinstance(gateway, str):
            raise SettingsError(
                f"option 'issuers' of oidc must give a gateway for '{issuer}'.", key="issuers", remedy=example
            )
        if not gateway and not gateway_claim:
            raise SettingsError(
                f"option 'issuers' of oidc names no gateway for '{issuer}', and there is no 'gateway_claim'.",
                key="issuers",
                remedy=example,
            )


def _check_times(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, float) and (value < 0 or (value == 0 and name != "leeway_s")):
            raise SettingsError(f"option '{name}' of oidc is {value:g}; it must be more than 0.", key=name)


def _roles(given: Mapping[str, Any]) -> Mapping[Role, frozenset[str]]:
    roles: dict[Role, frozenset[str]] = {}
    for name, words in given.items():
        if name not in set(Role):
            raise SettingsError(
                f"option 'roles' of oidc has '{name}', which is no role.",
                key="roles",
                remedy=f"Roles: {', '.join(Role)}.",
            )
        if not isinstance(words, list) or not _are_texts(words):
            raise SettingsError(f"option 'roles' of oidc must give a list of texts for '{name}'.", key="roles")
        roles[Role(name)] = frozenset(words)
    return roles
