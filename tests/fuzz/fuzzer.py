"""Runs targets under libFuzzer, each in a process of its own, and tells what came of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
RSS_LIMIT_MIB = 768
"""Far more than a target needs, and far less than one forged length asks for."""

INPUT_TIME_S = 20
"""Far more than any input takes, on a machine that does other things besides."""

_START_S = 120
_RUNS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_PEAK = re.compile(r"stat::peak_rss_mb:\s*(\d+)")
_RAISED = re.compile(r"=== Uncaught Python exception: ===\n(?:.+\n)+")
_TAIL_LINES = 30
_NOISE = re.compile(r"INFO: Instrumenting |#\d+\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did. ``finding`` is '' or where the input is that shows a fault; ``told`` is libFuzzer's last word."""

    target: str
    inputs: int
    seconds: float
    peak_rss_mib: int
    finding: str = ""
    told: str = ""

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.finding

    def as_document(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def fuzz(name: str, *, seconds: float | None = None, runs: int | None = None, seed: int = 0) -> Outcome:
    """Fuzz a target for so long or for so many inputs; seed 0 is any. A folder with a finding is left behind."""
    options = [f"-seed={seed}", f"-rss_limit_mb={RSS_LIMIT_MIB}", f"-timeout={INPUT_TIME_S}", "-print_final_stats=1"]
    options += [f"-max_total_time={int(seconds)}"] if seconds is not None else []
    options += [f"-runs={runs}"] if runs is not None else []
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{name}-", ignore_cleanup_errors=True) as folder:
        findings = Path(tempfile.gettempdir()) / f"finding-{name}-"
        options.append(f"-artifact_prefix={findings}")
        return _run(name, [folder, *options], limit_s=None if seconds is None else seconds + _START_S)


def again(name: str, file: Path) -> Outcome:
    """Try one input, for example one that showed a fault."""
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{name}-", ignore_cleanup_errors=True) as folder:
        return _run(name, [folder, "-runs=1", f"--only={file.absolute()}"], limit_s=_START_S)


def _run(name: str, arguments: Sequence[str], limit_s: float | None) -> Outcome:
    begun_s = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.one_target", name, *arguments],
        env=environment,
        cwd=tempfile.gettempdir(),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=limit_s,
    )
    lines = [line for line in (done.stdout + done.stderr).splitlines() if not _NOISE.match(line)]
    text = "\n".join(lines)
    return Outcome(
        target=name,
        inputs=_number(_RUNS, text),
        seconds=round(time.monotonic() - begun_s, 1),
        peak_rss_mib=_number(_PEAK, text),
        finding="" if done.returncode == 0 else _where(text),
        told="" if done.returncode == 0 else _last_words(text),
    )


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0


def _last_words(text: str) -> str:
    """The traceback, which stands before pages of other things, and the end."""
    raised = _RAISED.search(text)
    return "\n".join([raised[0] if raised else "", *text.splitlines()[-_TAIL_LINES:]])


def _where(text: str) -> str:
    found = re.search(r"Test unit written to (\S+)", text)
    return found[1] if found else "no input: the target could not be run"
