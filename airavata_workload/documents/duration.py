"""Durations as people write them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

_CLOCK = re.compile(r"(?:(\d+)-)?(\d+):([0-5]\d):([0-5]\d)")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
_UNITS_S = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3_600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
}


def seconds_of(text: str) -> int:
    """Whole seconds, rounded up, of ``01:30:00``, ``2-12:00:00`` (days first), ``90 min`` or ``1.5 h``.

    Raises ``ValueError`` for anything else, and for ``1:30`` too: batch
    systems do not agree whether those are hours or minutes.
    """
    clock = _CLOCK.fullmatch(text.strip())
    if clock:
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        total: float = days * 86_400 + hours * 3_600 + minutes * 60 + seconds
    else:
        amount = _AMOUNT.fullmatch(text.strip().lower())
        if amount is None or amount.group(2) not in _UNITS_S:
            raise ValueError(f"must be a time such as '01:30:00', '90 min' or '1.5 h', not {text!r}")
        total = float(amount.group(1)) * _UNITS_S[amount.group(2)]
    if total <= 0:
        raise ValueError("must be longer than nothing")
    return -int(-total // 1)


def _written(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError("must be text such as '01:30:00' or '90 min'; for seconds use the key that ends in _s")  # noqa: TRY004 - pydantic reports ValueError
    return seconds_of(value)


Duration = Annotated[int, BeforeValidator(_written)]
"""A field of a document that holds text for ``seconds_of`` and gives whole seconds."""
