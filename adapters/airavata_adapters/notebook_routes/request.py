"""A request as a route sees it, and its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """``words`` are the parts of the path that the route leaves open, ``body`` the bytes, ``caller`` asks who calls."""

    words: tuple[str, ...]
    body: bytes
    caller: Callable[[], Caller]

    def json(self) -> dict[str, Any]:
        """The object in the body. Raises ``InputError``."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise InputError("The request's body is no JSON object.", remedy="Send one.")
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and what is sent as JSON."""

    status: HTTPStatus
    body: Any
