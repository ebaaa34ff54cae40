"""The routes under /api/v1, served here over a record store, and a client for them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

from airavata_adapters.notebook_routes.server import RouteServer
from airavata_adapters.record_stores.embedded import open_record_store
from airavata_workload.api.experiments.plans import Plans
from airavata_workload.domain.caller import Caller, Role
from airavata_workload.domain.errors import AuthenticationError, UnavailableError
from airavata_workload.ports.api_server import ApiServerContext
from airavata_workload.ports.backing import BackingContext
from airavata_workload.storage_settings import HttpSettings

PATIENCE_S = 20


def authenticate(access_token: str, claims: Mapping[str, str]) -> Caller:
    if access_token == "later":
        raise UnavailableError("The provider does not answer.")
    if access_token != "good":
        raise AuthenticationError("The access token proves nothing.")
    return Caller(gateway="portal", user=claims.get("userName", "ada"), roles=frozenset({Role.USER}))


class Site:
    """The routes over a record store of their own."""

    def __init__(self, home: Path, *, insecure: bool = False, **settings: Any) -> None:
        self.store = open_record_store(BackingContext(home=home, session="test", partition="", options={}))
        self.instants = iter(range(1_000_000, 2_000_000_000, 1_000_000))
        self.server = RouteServer(
            ApiServerContext(
                api=SimpleNamespace(plans=Plans(records=self.store, clock=lambda: next(self.instants))),
                authenticate=authenticate,
                settings=HttpSettings.model_validate({"port": 0, **settings}),
                home=home,
                insecure=insecure,
            )
        )

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        assert self.server.stop(PATIENCE_S)
        self.store.close()

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.server.addresses["http"].rpartition(":")
        return host, int(port)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str = "good",  # noqa: S107 - no secret
        user: str = "ada",
    ) -> tuple[int, Any]:
        """Status and what was in the body."""
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE_S)
        headers = {"Authorization": f"Bearer {token}", "X-Claims": json.dumps({"userName": user})}
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        told = answer.status, json.loads(answer.read())
        connection.close()
        return told
