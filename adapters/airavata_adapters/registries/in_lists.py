"""Values in lists that are short enough for an IN."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

IN_CHUNK = 500
"""How many values one IN list gets."""


def chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """The values in lists of at most ``IN_CHUNK``."""
    rest = iter(values)
    while chunk := list(islice(rest, IN_CHUNK)):
        yield chunk
