"""``doctor``: is everything set up to run experiments?"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import typer

from airavata_workload.bootstrap import Installation
from airavata_workload.cli import checks
from airavata_workload.cli.checks import looked_at
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.finding import Check, Verdict
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.screen import Screen
from airavata_workload.cli.views.check_views import check_form, check_line, summary

CLUSTERS_AT_ONCE = 8


def doctor(context: typer.Context) -> int:
    """Check that everything is set up to run experiments.

    Looks at Python, the settings, the home, the stores and what portals keep in them, plugins, DAGs, and at every
    cluster: whether one can log in, write to the scratch directory and ask the batch system. Exit code 0 if nothing
    fails, else 3.
    """
    invocation: Invocation = context.obj
    return tell(invocation.screen, _everything(invocation))


def _everything(invocation: Invocation) -> Iterator[Check]:
    yield checks.python_version()
    readable = looked_at("settings", lambda: checks.settings(invocation))
    yield readable
    if readable.verdict is Verdict.FAIL:
        return
    usable = looked_at("home", lambda: checks.home(invocation))
    yield usable
    yield looked_at("plugins", checks.plugins)
    if usable.verdict is Verdict.FAIL:
        return
    with invocation.installation("doctor") as installation:
        opened = looked_at("stores", lambda: checks.stores(installation))
        yield opened
        yield looked_at("records", lambda: checks.records(installation))
        if opened.verdict is Verdict.FAIL:
            return
        yield looked_at("dags", lambda: checks.dags(installation))
        yield looked_at("engine", lambda: checks.engine(installation))
        for name, error in installation.clusters.broken().items():
            yield Check(f"{name}: file", Verdict.FAIL, error.message, error.remedy or "")
        yield from clusters_checked(installation, list(installation.clusters.clusters()))


def clusters_checked(installation: Installation, names: list[str]) -> Iterator[Check]:
    """The checks of these clusters, in order, made several clusters at a time."""
    with ThreadPoolExecutor(max_workers=CLUSTERS_AT_ONCE) as pool:
        for found in pool.map(lambda name: list(checks.cluster(installation, name)), names):
            yield from found


def tell(screen: Screen, found: Iterator[Check]) -> ExitCode:
    """Print each finding as it comes, or all as JSON; the exit code says whether one failed."""
    every: list[Check] = []
    for each in found:
        every.append(each)
        if screen.for_people:
            screen.show(check_line(each, ascii_only=screen.out.options.ascii_only))
    screen.results([check_form(each) for each in every], lambda: summary(every))
    return ExitCode.UNAVAILABLE if any(each.verdict is Verdict.FAIL for each in every) else ExitCode.DONE
