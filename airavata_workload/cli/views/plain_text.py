"""Small pieces of text: identifiers, times, durations and sizes as people read them."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from rich.text import Text

from airavata_workload.domain.clock import MICROSECONDS_PER_SECOND, to_datetime

_UUID_AT_END = re.compile(r"_([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """The text without anything that could move the cursor or hide: control and format characters are spelt out."""
    if text.isprintable():
        return text
    return "".join(_spelt(character) for character in text)


def lines_of(text: str) -> str:
    """As ``printable``, but line breaks stay line breaks."""
    return "\n".join(printable(line) for line in text.splitlines())


def _spelt(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    if character in _ESCAPES:
        return _ESCAPES[character]
    point = ord(character)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def short_id(experiment_id: str) -> str:
    """The beginning of an experiment's id that names it well enough: up to eight digits of the UUID."""
    return _UUID_AT_END.sub(r"_\1", experiment_id)


def local_time(instant_us: int) -> str:
    """An instant as local date and time to the second; a dash for 0."""
    return to_datetime(instant_us).astimezone().strftime("%Y-%m-%d %H:%M:%S") if instant_us else "-"


def clock_time(instant_us: int) -> str:
    """An instant as local time to the millisecond."""
    return to_datetime(instant_us).astimezone().strftime("%H:%M:%S.%f")[:-3]


def local_date(instant_us: int) -> str:
    """The local date of an instant, with the offset of the time zone."""
    return to_datetime(instant_us).astimezone().strftime("%Y-%m-%d (UTC%z)")


def utc_time(instant_us: int) -> str | None:
    """An instant in ISO 8601, UTC, to the microsecond, for programs; ``None`` for 0."""
    return to_datetime(instant_us).isoformat(timespec="microseconds").replace("+00:00", "Z") if instant_us else None


def ago(instant_us: int, now_us: int) -> str:
    """How long ago an instant was: ``12 s ago``; after a day its local date and time."""
    seconds = (now_us - instant_us) / MICROSECONDS_PER_SECOND
    if seconds >= 86_400:
        return _same_year(to_datetime(instant_us).astimezone(), to_datetime(now_us).astimezone())
    if seconds < 1:
        return "now"
    return f"{largest_unit(seconds)} ago"


def _same_year(instant: datetime, now: datetime) -> str:
    return instant.strftime("%d %b %H:%M" if instant.year == now.year else "%d %b %Y")


def largest_unit(seconds: float) -> str:
    """A duration in its largest unit alone: ``3 min``."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def duration(microseconds: int) -> str:
    """A duration, to the tenth of a second below a minute: ``0.4 s``, ``1:05``, ``2:03:10``, ``3 d 01:00:00``."""
    seconds = max(0, microseconds) / MICROSECONDS_PER_SECOND
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    if days:
        return f"{days} d {hours:02}:{minutes:02}:{left:02}"
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def size(size_bytes: int) -> str:
    """A size in the unit that suits it: ``812 B``, ``1.4 MiB``."""
    value = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError("the loop always returns")


def unbroken(text: str, style: str = "") -> Text:
    """A path, a command or an id on one line, however long, so that it can be copied."""
    return Text(printable(text), style=style, no_wrap=True, overflow="ignore")


def plural(count: int, noun: str) -> str:
    """``1 task``, ``2 tasks``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
