"""The findings of checks, one a line, with remedies below."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from airavata_workload.cli.finding import Check, Verdict
from airavata_workload.cli.views.plain_text import printable
from airavata_workload.cli.views.state_marks import DONE, FAILED, Mark

_MARKS = {Verdict.OK: DONE, Verdict.WARN: Mark("!", "!", "yellow"), Verdict.FAIL: FAILED}
SUBJECT_COLUMNS = 18


def check_form(check: Check) -> dict[str, Any]:
    """A finding of 'doctor' or 'clusters check'.

    subject: what was looked at
    verdict: ok, warn or fail
    said: what was found
    remedy: what to do, or empty
    """
    return {"subject": check.subject, "verdict": str(check.verdict), "said": check.said, "remedy": check.remedy}


def check_line(check: Check, *, ascii_only: bool) -> RenderableType:
    """One finding."""
    mark = _MARKS[check.verdict]
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(no_wrap=True)
    row.add_column(no_wrap=True, min_width=SUBJECT_COLUMNS)
    row.add_column(overflow="fold")
    said: list[RenderableType] = [Text(printable(check.said), style="" if check.verdict is Verdict.OK else mark.style)]
    if check.remedy:
        said.append(Text(printable(check.remedy)))
    row.add_row(
        Text.assemble(mark.text(ascii_only=ascii_only), (f" {check.verdict:<4}", mark.style)),
        Text(printable(check.subject)),
        Group(*said),
    )
    return Padding(row, (0, 0, 0, 1))


def summary(checks: list[Check]) -> Text:
    """Whether all is well, in one line."""
    failed = sum(check.verdict is Verdict.FAIL for check in checks)
    warned = sum(check.verdict is Verdict.WARN for check in checks)
    if failed:
        return Text(f"{failed} of {len(checks)} checks failed.", style="bold red")
    if warned:
        return Text(f"All works; {warned} of {len(checks)} checks warn.", style="yellow")
    return Text("All is well.", style="green")
