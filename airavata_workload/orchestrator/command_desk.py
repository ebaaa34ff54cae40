"""The orchestrator's other loop: commands in, experiments launched, cancelled, resumed.

Apart from that of the outcomes, so that a task which becomes ready does not
wait for all the launches that were asked for at once.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import structlog

from airavata_workload.domain.errors import UnavailableError
from airavata_workload.domain.message import COMMAND_QUEUE, AnyMessage, Command, CommandKind
from airavata_workload.orchestrator.commands import Commands
from airavata_workload.ports.task_queue import Delivery, TaskQueue
from airavata_workload.stage import Stage, decoded, each_or_set_aside

log = structlog.get_logger("airavata_workload.orchestrator")

BATCH = 128
LAUNCH_BATCH = 16
"""Experiments launched at once: many more would make the outcomes wait for their transaction in the graph store."""
WAIT_S = 1.0
COMMAND_THREADS = 8

_Items = list[tuple[Delivery, AnyMessage]]


class CommandDesk(Stage):
    """Reads commands, in batches: launches share their writes, everything else is done side by side."""

    name = "commands"

    def __init__(self, *, queue: TaskQueue, commands: Commands) -> None:
        super().__init__()
        self._queue = queue
        self._commands = commands
        self._pool = ThreadPoolExecutor(max_workers=COMMAND_THREADS, thread_name_prefix="orchestrator-command")

    def round(self) -> None:
        """Deal with one batch."""
        deliveries = self._queue.consume([COMMAND_QUEUE], BATCH, WAIT_S)
        if not deliveries:
            return
        with self.dealing_with(self._queue, deliveries):
            self._carry_out(decoded(self._queue, deliveries))

    def join(self, timeout_s: float) -> bool:
        """Wait for the end of the present round."""
        ended = super().join(timeout_s)
        self._pool.shutdown(wait=False, cancel_futures=True)
        return ended

    def _carry_out(self, items: _Items) -> None:
        """Commands about different experiments at once; about the same one in order."""
        groups: dict[str, _Items] = {}
        for delivery, message in items:
            groups.setdefault(getattr(message, "experiment_id", ""), []).append((delivery, message))
        launches = [group[0] for group in groups.values() if len(group) == 1 and _is_launch(group[0][1])]
        others = [group for group in groups.values() if len(group) > 1 or not _is_launch(group[0][1])]
        futures = [self._pool.submit(each_or_set_aside, self._queue, group, self._command) for group in others]
        for start in range(0, len(launches), LAUNCH_BATCH):
            self._queue.acknowledge(self._launch(launches[start : start + LAUNCH_BATCH]))
        for future in futures:
            self._queue.acknowledge(future.result())

    def _launch(self, items: _Items) -> list[Delivery]:
        try:
            self._commands.launch([message for _, message in items if isinstance(message, Command)])
        except UnavailableError:
            raise
        except Exception:
            # One of them cannot be digested; the others must not wait for it.
            log.exception("experiments are launched one by one", experiments=len(items))
            return each_or_set_aside(self._queue, items, self._command)
        return [delivery for delivery, _ in items]

    def _command(self, message: object) -> None:
        if not isinstance(message, Command):
            raise TypeError(f"the orchestrator takes no {type(message).__name__} for a command")
        self._commands.carry_out(message)


def _is_launch(message: AnyMessage) -> bool:
    return isinstance(message, Command) and message.kind is CommandKind.LAUNCH
