"""How a bench prints a figure: one JSON line, beside the floor that was measured in the same run."""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def figure(
    name: str,
    value: float,
    unit: str,
    target: str,
    floor: float | None = None,
    floor_is: str = "",
) -> None:
    """Print one figure. ``ratio`` is value / floor."""
    line: dict[str, object] = {"figure": name, "value": round(value, 4), "unit": unit, "target": target}
    if floor is not None:
        line |= {"floor": round(floor, 4), "floor_is": floor_is, "ratio": round(value / floor, 4)}
    line["cores"] = os.cpu_count()
    print(json.dumps(line), flush=True)


def durable_commits_per_s(directory: Path, seconds: float = 1.0) -> float:
    """The floor of everything that is stored: one-row transactions of bare SQLite, WAL and synchronous FULL."""
    connection = sqlite3.connect(directory / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS t (a INTEGER)")
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.execute("COMMIT")
        count += 1
    connection.close()
    return count / seconds


def median_s(action: Callable[[], object], times: int) -> float:
    """The median duration of an action in seconds."""
    return statistics.median(durations_s(action, times))


def durations_s(action: Callable[[], object], times: int) -> Sequence[float]:
    """How long each of ``times`` calls took, in seconds."""
    result = []
    for _ in range(times):
        begin = time.perf_counter()
        action()
        result.append(time.perf_counter() - begin)
    return result
