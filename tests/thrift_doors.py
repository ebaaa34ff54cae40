"""The two doors to what gateways keep: the API, whose calls carry a token, and the registry, whose calls carry none."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from internal_site import InternalSite

from airavata_thrift.authorization.ttypes import AuthzToken

GATEWAY, USER = "default", "ada"
TOKEN = AuthzToken("anything", {"userName": USER, "gatewayID": GATEWAY})


class Door:
    """A client whose methods take what both services ask for, in that order; what one alone asks for has its name."""

    def __init__(self, service: Any, site: InternalSite, listener: str) -> None:
        self._client = site.client(service, listener)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        function = getattr(self._client, method)
        parameters = inspect.signature(function).parameters

        def call(*values: Any, **named: Any) -> Any:
            token = {"authzToken": TOKEN} if "authzToken" in parameters else {}
            own = {name: value for name, value in named.items() if name in parameters}
            left = [name for name in parameters if name not in token and name not in own]
            return function(**token, **own, **dict(zip(left, values, strict=True)))

        return call
