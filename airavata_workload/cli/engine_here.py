"""An engine in this process, with queues of its own, that drives the experiments given to it and no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from airavata_workload.bootstrap import Installation
from airavata_workload.cli.driving import follow, report, say_not_lost
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.cli.invocation import Invocation
from airavata_workload.documents.login import login_name
from airavata_workload.domain.message import COMMAND_QUEUE, Command, CommandKind
from airavata_workload.engine import Engine
from airavata_workload.ports.task_queue import Message


@contextmanager
def engine_here(installation: Installation) -> Iterator[Engine]:
    """The engine, started; at the end running tasks get the drain time of the settings."""
    installation.load_missing_dags()
    engine = installation.engine(adopt_orphans=False)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop(installation.settings.drain_time_s)


def drive(
    invocation: Invocation,
    installation: Installation,
    experiment_ids: Sequence[str],
    interrupts: Interrupts,
    *,
    since: int,
    alone: bool,
) -> ExitCode:
    """Show experiments that the engine here drives until they have ended, and say how; or that Ctrl-C lost nothing."""
    screen = invocation.screen
    workload = installation.workload()
    following = follow(screen, workload, experiment_ids, interrupts, since=since)
    pictures = list(following.pictures.values())
    if not following.ended:
        say_not_lost(screen, pictures, installation.settings.drain_time_s)
        return ExitCode.INTERRUPTED
    return report(screen, workload, pictures, alone=alone)


def engine_serves(installation: Installation) -> bool:
    """Whether an engine runs that reads the common queues, so that it takes what is submitted."""
    common = installation.settings.partition
    return any(
        member.service in ("engine", "orchestrator") and member.capabilities.get("partition") == common
        for member in installation.nodes.members()
    )


def driven_elsewhere(installation: Installation, experiment_id: str) -> bool:
    """Whether a living process other than this one drives the experiment."""
    node = next((node for node in installation.nodes.nodes() if node.experiment_id == experiment_id), None)
    return node is not None and node.owner_alive and node.owner != installation.session


def send_here(installation: Installation, kinds: Sequence[CommandKind], experiment_id: str, reason: str) -> None:
    """Put commands for the engine of this process into its queue, in order."""
    installation.queue.publish(
        [
            Message(
                queue=COMMAND_QUEUE,
                body=Command(kind=kind, experiment_id=experiment_id, by=login_name(), reason=reason).to_body(),
            )
            for kind in kinds
        ]
    )
