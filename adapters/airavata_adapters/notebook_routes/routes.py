"""Which method and path is answered by what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from airavata_adapters.notebook_routes import agents, plans
from airavata_adapters.notebook_routes.request import Answer, Request

BASE = "/api/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A method and a path in which ``*`` stands for any one part. The body is let go unless ``keeps_body``."""

    method: str
    path: str
    handler: Callable[[Any, Request], Answer]
    keeps_body: bool = False

    def words(self, parts: tuple[str, ...]) -> tuple[str, ...] | None:
        """What stands for the stars in a path's parts; ``None`` for another path."""
        ours = tuple(self.path.split("/"))
        if len(ours) != len(parts) or any(one not in ("*", part) for one, part in zip(ours, parts, strict=True)):
            return None
        return tuple(part for one, part in zip(ours, parts, strict=True) if one == "*")


ROUTES = (
    Route(method="POST", path="plan", handler=plans.add, keeps_body=True),
    Route(method="GET", path="plan/user", handler=plans.mine),
    Route(method="GET", path="plan/*", handler=plans.get),
    Route(method="PUT", path="plan/*", handler=plans.replace, keeps_body=True),
    Route(method="POST", path="agent/execute/shell", handler=agents.execute),
    Route(method="GET", path="agent/execute/shell/*", handler=agents.execute),
    Route(method="POST", path="agent/execute/python", handler=agents.execute),
    Route(method="GET", path="agent/execute/python/*", handler=agents.execute),
    Route(method="POST", path="setup/env", handler=agents.execute),
    Route(method="GET", path="agent/setup/env/*", handler=agents.execute),
    Route(method="GET", path="*", handler=agents.look),
)


def found(method: str, target: str) -> tuple[Route, tuple[str, ...]] | None:
    """The first route for a request's method and target, and what stands for its stars."""
    try:
        path = urlsplit(target).path
    except ValueError:  # it begins like an address, and is none
        return None
    if not path.startswith(BASE + "/"):
        return None
    parts = tuple(unquote(part) for part in path.removeprefix(BASE + "/").split("/"))
    for route in ROUTES:
        words = route.words(parts) if route.method == method else None
        if words is not None and all(words):
            return route, words
    return None
