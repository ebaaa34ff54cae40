"""``migrate``: all experiments, and what portals keep, into other backing systems."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from airavata_workload.bootstrap import Installation
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.log_output import log_to_standard_error
from airavata_workload.cli.own_files import own_files_only
from airavata_workload.cli.screen import Screen
from airavata_workload.cli.views.migration_views import migration_form, migration_view
from airavata_workload.domain.errors import ConflictError, InputError, NotFoundError
from airavata_workload.migration.ends import require_stopped
from airavata_workload.migration.move import Move, Progress
from airavata_workload.migration.seal import Seal, SealFile, Stage, refuse_if_moved, systems_of
from airavata_workload.migration.storage import storage_advice
from airavata_workload.migration.survey import Survey, survey
from airavata_workload.settings import Settings, load_settings

TELL_EVERY_S = 5.0
"""How often progress is told where nothing can be drawn."""
_CONFIG_NAME = "config.toml"


def migrate(
    context: typer.Context,
    to: Annotated[
        Path,
        typer.Option(
            "--to",
            metavar="PLACE",
            help="Settings file of the installation that takes over, or its home directory.",
            show_default=False,
        ),
    ],
    to_home: Annotated[
        Path | None,
        typer.Option(
            "--to-home",
            metavar="DIRECTORY",
            help="Its home directory, if that is another one and --to names a file.",
            file_okay=False,
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be moved.")] = False,
) -> int:
    """Move all experiments, and what portals keep, into other backing systems.

    The installation of --home and --config must be stopped; that of --to may run, and goes on with what has not ended.
    Jobs on clusters are taken over, never submitted again. Interrupted anywhere, the same command goes on. Afterwards
    the old installation refuses to run. Files of the gateways' users stay where they are. Environment variables about
    backing systems count for --to.
    """
    invocation: Invocation = context.obj
    log_to_standard_error(invocation.log_level("migrate"), invocation.settings.log_format)
    own_files_only()
    ours = load_settings(backing_from_environment=False)
    theirs, their_file = _target(to, to_home, ours)
    where_from, where_to = _where(ours, invocation.settings_path), _where(theirs, their_file)
    file, seal = _seal(ours, theirs, where_to)
    if seal.stage is Stage.DONE:
        invocation.screen.say(f"This was done before: the experiments are in {where_to}.")
        return ExitCode.DONE
    with Installation(ours, service="migrate") as source, Installation(theirs, service="migrate") as target:
        require_stopped(source)
        found = survey(source, target, copied=seal.copied, records_copied=seal.records_copied)
        _warn_of_unknown_clusters(invocation.screen, source, target, found)
        for advice in storage_advice(source.storage, target.storage):
            invocation.screen.warn(advice)
        if not dry_run:
            with _progress(invocation.screen) as progress:
                Move(source, target, file, seal, progress).carry_out()
    form = migration_form(found, where_from, where_to, moved=not dry_run)
    invocation.screen.result(form, lambda: migration_view(form))
    if not dry_run:
        invocation.screen.say(
            "The services of that installation go on with what has not ended, now or once they run. Its API services "
            "that run already are to be started anew."
        )
    return ExitCode.DONE


def _target(to: Path, to_home: Path | None, ours: Settings) -> tuple[Settings, Path]:
    """The settings of the other installation, and their file, which need not be there."""
    place = to.expanduser().absolute()
    if not place.exists():
        raise InputError(
            f"There is no {place}.", remedy="--to names a settings file, or a home directory, which may be empty."
        )
    if place.is_dir():
        if to_home is not None:
            raise InputError("--to names a home directory already.", remedy="Leave --to-home out.")
        return load_settings(file=place / _CONFIG_NAME, home=place), place / _CONFIG_NAME
    home = ours.home if to_home is None else to_home.expanduser().absolute()
    return load_settings(file=place, home=home), place


def _where(settings: Settings, file: Path) -> str:
    systems = dict.fromkeys(each["name"] for each in systems_of(settings).values())
    return f"{file if file.is_file() else settings.home} ({', '.join(systems)})"


def _seal(ours: Settings, theirs: Settings, where_to: str) -> tuple[SealFile, Seal]:
    """What an earlier move to the same place has left, or what a new one begins with."""
    source, target = systems_of(ours), {"home": str(theirs.home), **systems_of(theirs)}
    if ours.home.resolve() == theirs.home.resolve() and source == systems_of(theirs):
        raise InputError(
            "Both are the same installation.",
            remedy="--to names the settings, or the home, of the one that takes over.",
        )
    refuse_if_moved(theirs)
    file = SealFile(ours.home)
    seal = file.of(source) or Seal(source=source, target=target, where=where_to)
    if seal.target != target:
        begun = "is being" if seal.stage is Stage.COPYING else "was"
        raise ConflictError(f"This installation {begun} moved to {seal.where}, which is another place.")
    return file, seal


def _warn_of_unknown_clusters(screen: Screen, source: Installation, target: Installation, found: Survey) -> None:
    """Services may run on other machines, so this is no error."""
    for name in sorted(found.resources):
        try:
            target.clusters.cluster(name)
        except NotFoundError:
            screen.warn(
                f"{target.settings.home} does not know the cluster '{name}': copy its file from "
                f"{source.settings.clusters_directory} to every machine of the installation that takes over."
            )


@contextmanager
def _progress(screen: Screen) -> Iterator[Progress]:
    """Tells how far the move is: as a bar, or in a line now and then."""
    if not screen.live:
        yield _Lines(screen).tell
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=screen.err, transient=True) as bars:
        shown = {}

        def draw(what: str, done: int, total: int) -> None:
            if what not in shown:
                shown[what] = bars.add_task(what)
            bars.update(shown[what], completed=done, total=total)

        yield draw


class _Lines:
    """Progress in lines, not too many."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._told_at_s = time.monotonic()

    def tell(self, what: str, done: int, total: int) -> None:
        """Say how far it is if that was long ago."""
        if time.monotonic() - self._told_at_s >= TELL_EVERY_S:
            self._told_at_s = time.monotonic()
            self._screen.say(Text(f"{what}: {done} of {total}"))
