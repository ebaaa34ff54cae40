"""``[options.identity_provider]`` of ``keycloak``: which realms hold accounts, and as whom they are changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from airavata_adapters import private_files
from airavata_adapters.token_verifiers.json_over_http import is_trustworthy
from airavata_workload.domain.errors import NotFoundError, SettingsError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.backing import BackingContext

DEFAULTS: Mapping[str, Any] = {
    "url": "",
    "realms": {},
    "client": "",
    "client_secret_file": "",
    "client_realm": "",
    # The words of Airavata's own realms, which the options of the token verifier oidc have, too.
    "roles": ["admin", "admin-read-only", "gateway-user"],
    "request_time_limit_s": 10.0,
    "ca_file": "",
}
_MASTER = "master"
_TIME_LIMIT = "request_time_limit_s"
_NEEDED: Mapping[str, str] = {
    "url": 'It looks like url = "https://auth.example.org".',
    "realms": 'It looks like realms = { portal = "portal" }: the realm of each gateway.',
    "client": "Name a confidential client whose service account may manage users.",
    "client_secret_file": "Name a file with the secret of that client, readable by its owner alone.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeycloakOptions:
    """What the settings say.

    ``realms`` maps gateways to realms. ``client`` logs in with its secret in
    ``client_realm``, '' being the realm that it is about to change. ``roles``
    are made in a realm that is set up. Times are in seconds.
    """

    url: str
    realms: Mapping[str, str]
    client: str
    client_secret_file: Path
    client_realm: str
    roles: tuple[str, ...]
    request_time_limit_s: float
    ca_file: str

    def realm(self, gateway_id: str) -> str:
        """The realm of a gateway's accounts. Raises ``NotFoundError``."""
        try:
            return self.realms[gateway_id]
        except KeyError:
            raise NotFoundError(
                f"There is no realm for gateway '{gateway_id}'.",
                remedy="Have an operator name one in the option realms of the identity provider keycloak.",
            ) from None

    def secret(self) -> Secret:
        """The client's secret, as it is now. Raises ``SettingsError`` and ``DeniedError`` for a bad file."""
        name, path = "client_secret_file", self.client_secret_file
        try:
            private_files.refuse_readable_by_others(path)
            text = path.read_text("utf-8").strip()
        except FileNotFoundError:
            raise SettingsError(f"option '{name}' of keycloak names {path}, which is no file.", key=name) from None
        except UnicodeDecodeError:
            text = ""
        except OSError as error:
            raise private_files.translated(error, path) from error
        if not text:
            raise SettingsError(f"option '{name}' of keycloak names {path}, which holds no secret.", key=name)
        return Secret(text)


def options_of(context: BackingContext) -> KeycloakOptions:
    """The options that the settings give. Raises ``SettingsError`` that names the option."""
    given = dict(context.options)
    if type(given.get(_TIME_LIMIT)) is int:  # whole seconds may be written without a decimal point
        given[_TIME_LIMIT] = float(given[_TIME_LIMIT])
    values = replace(context, options=given).settled_options(**DEFAULTS)
    for name, remedy in _NEEDED.items():
        if not values[name]:
            raise SettingsError(f"option '{name}' of keycloak is missing.", key=name, remedy=remedy)
    if not is_trustworthy(values["url"]):
        raise SettingsError(
            f"option 'url' of keycloak is '{values['url']}', which is no https URL.", key="url", remedy=_NEEDED["url"]
        )
    if values[_TIME_LIMIT] <= 0:
        raise SettingsError(f"option '{_TIME_LIMIT}' of keycloak must be more than 0.", key=_TIME_LIMIT)
    _check_names("roles", values["roles"])
    _check_realms(values["realms"])
    options = KeycloakOptions(
        **{
            **values,
            "url": values["url"].rstrip("/"),
            "client_secret_file": Path(values["client_secret_file"]).expanduser(),
            "roles": tuple(values["roles"]),
        }
    )
    options.secret()
    return options


def _check_realms(realms: Mapping[str, Any]) -> None:
    _check_names("realms", realms.values())
    if len(set(realms.values())) < len(realms):
        raise SettingsError(
            "option 'realms' of keycloak gives one realm to two gateways.",
            key="realms",
            remedy="Give each gateway a realm of its own: its administrators see and change everybody in there.",
        )
    if _MASTER in realms.values():
        raise SettingsError(
            f"option 'realms' of keycloak names the realm {_MASTER}.",
            key="realms",
            remedy="Use another: roles of that one are power over Keycloak itself, and portals give roles.",
        )


def _check_names(option: str, names: Iterable[Any]) -> None:
    if not all(isinstance(each, str) and each for each in names):
        raise SettingsError(f"option '{option}' of keycloak holds something that is no name.", key=option)
