"""Keycloak's admin REST API: who we are there, and what its answers mean.

Source: Keycloak 26, "Admin REST API" and "Server Developer Guide", section
"Admin REST API"; RFC 6749, section 4.4 (client credentials).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from airavata_adapters.identity_providers.keycloak_options import KeycloakOptions
from airavata_adapters.token_verifiers.json_over_http import HttpAnswer, HttpRequest
from airavata_workload.domain.errors import (
    InputError,
    NotFoundError,
    StoreUnavailableError,
    UnavailableError,
    WorkloadError,
)
from airavata_workload.domain.secret import Secret

Exchange = Callable[[HttpRequest], HttpAnswer]
"""Asks a server. Raises ``UnavailableError`` if it does not answer."""

PAGE = 100
_RENEWED_BEFORE_END_S = 5.0


@dataclass(frozen=True, slots=True)
class _Login:
    token: Secret
    until_s: float


class KeycloakAdmin:
    """The realms, as the client in the options may change them. Several threads may use it at once."""

    def __init__(
        self, options: KeycloakOptions, *, exchange: Exchange, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._options = options
        self._exchange = exchange
        self._now_s = monotonic_s
        self._logins: dict[str, _Login] = {}
        self._logging_in = threading.Lock()

    def ask(
        self,
        realm: str,
        path: tuple[str, ...],
        *,
        method: str = "GET",
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
        accept: Collection[int] = (),
    ) -> HttpAnswer:
        """Ask about a realm; the parts of the path may be anything.

        Statuses of ``accept`` are answers beside those of success. Others raise
        ``InputError`` for what is wrong in ``body``, ``NotFoundError``, and
        ``StoreUnavailableError`` for all that only an operator can mend.
        """
        place = "/".join(quote(part, safe="") for part in ("admin", "realms", realm, *path))
        url = f"{self._options.url}/{place}" + (f"?{urlencode(query)}" if query else "")
        content = None if body is None else json.dumps(body).encode()
        answer = self._asked(realm, url, method, content)
        if answer.status == 401:  # it may have restarted, or ended our session
            self._logins.pop(self._login_realm(realm), None)
            answer = self._asked(realm, url, method, content)
        if answer.is_good or answer.status in accept:
            return answer
        raise self._refusal(realm, method, answer)

    def pages(
        self,
        realm: str,
        path: tuple[str, ...],
        query: Mapping[str, str] | None = None,
        *,
        offset: int = 0,
        limit: int | None = None,
        accept: Collection[int] = (),
    ) -> Iterator[Mapping[str, Any]]:
        """The things of a list, fetched page by page; for a status of ``accept`` there are none. Raises as ``ask``."""
        first, left = offset, limit
        while left is None or left > 0:
            most = PAGE if left is None else min(PAGE, left)
            answer = self.ask(realm, path, query={**(query or {}), "first": first, "max": most}, accept=accept)
            page = answer.document if answer.is_good else []
            if not isinstance(page, list):
                raise self._nonsense(realm)
            yield from page
            if len(page) < most:
                return
            first += most
            left = None if left is None else left - most

    # -- the parts of it -------------------------------------------------------------------
    def _asked(self, realm: str, url: str, method: str, content: bytes | None) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {self._token(realm).reveal()}", "Content-Type": "application/json"}
        return self._exchanged(HttpRequest(url=url, method=method, headers=headers, body=content))

    def _exchanged(self, request: HttpRequest) -> HttpAnswer:
        try:
            return self._exchange(request)
        except UnavailableError as error:
            raise StoreUnavailableError(error.message, remedy=error.remedy) from None

    def _login_realm(self, realm: str) -> str:
        return self._options.client_realm or realm

    def _token(self, realm: str) -> Secret:
        login_realm = self._login_realm(realm)
        with self._logging_in:
            login = self._logins.get(login_realm)
            if login is None or login.until_s <= self._now_s():
                login = self._logins[login_realm] = self._log_in(login_realm)
            return login.token

    def _log_in(self, realm: str) -> _Login:
        options = self._options
        try:
            secret = options.secret()
        except WorkloadError as error:  # it was there when the settings were read
            raise StoreUnavailableError(
                f"The secret of client '{options.client}' of Keycloak cannot be read now.", remedy=error.message
            ) from error
        form = {
            "grant_type": "client_credentials",
            "client_id": options.client,
            "client_secret": secret.reveal(),
        }
        asked_at_s = self._now_s()
        answer = self._exchanged(
            HttpRequest(
                url=f"{options.url}/realms/{quote(realm, safe='')}/protocol/openid-connect/token",
                method="POST",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=urlencode(form).encode(),
            )
        )
        if not answer.is_good:
            raise StoreUnavailableError(
                f"Keycloak does not let client '{options.client}' in at realm '{realm}': {_said(answer)}.",
                remedy="Look whether realm and client are there, the client has a service account, and its secret is "
                "that of the option client_secret_file.",
            )
        said = answer.document
        if not isinstance(said, Mapping) or not isinstance(said.get("access_token"), str):
            raise self._nonsense(realm)
        lasts_s = float(said.get("expires_in") or 0)
        return _Login(Secret(said["access_token"]), asked_at_s + lasts_s - _RENEWED_BEFORE_END_S)

    def _refusal(self, realm: str, method: str, answer: HttpAnswer) -> WorkloadError:
        text = f"Keycloak refuses to {'show' if method == 'GET' else 'change'} realm '{realm}': {_said(answer)}."
        if answer.status in (401, 403):
            return StoreUnavailableError(
                text,
                remedy=f"Give the service account of client '{self._options.client}' the roles manage-users, "
                "view-users and view-realm of realm-management, and manage-realm to set up gateways.",
            )
        if answer.status == 400:
            return InputError(text, remedy="Change what it does not like.")
        if answer.status == 404:
            return NotFoundError(text, remedy="Look whether the realm is there, and what is asked for in it.")
        return StoreUnavailableError(text, remedy="Keycloak's log tells more.")

    @staticmethod
    def _nonsense(realm: str) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"What Keycloak answers about realm '{realm}' is not what its version 26 does.",
            remedy="Look whether the option url leads to Keycloak.",
        )


def _said(answer: HttpAnswer) -> str:
    """Keycloak's own words for an error, which never hold a password."""
    document = answer.document if isinstance(answer.document, Mapping) else {}
    for key in ("error_description", "errorMessage", "error"):
        text = document.get(key)
        if isinstance(text, str) and text:
            return f"{text.rstrip('.')} (status {answer.status})"
    return f"status {answer.status}"
