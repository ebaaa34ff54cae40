"""How queues and priorities of the engine are mapped to queues of RabbitMQ. Pure.

Quorum queues have no priorities before RabbitMQ 4, and only two then, so each
queue of the engine is four of the broker, one a ``Level``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from airavata_workload.domain.errors import InputError

DEFAULT_PREFIX = "airavata-workload"
_MAX_NAME_BYTES = 255
"""Source: AMQP 0-9-1, a queue name is a short string."""
_CONTROL_PRIORITY = 100


class Level(StrEnum):
    """Urgency as far as RabbitMQ keeps it apart, the most urgent first.

    The engine sends with priority 100 (control), 10 (urgent tasks; outcomes)
    and 0 (the rest); what is below 0 waits until nothing else does. Messages
    of one level are delivered in the order of publishing.
    """

    CONTROL = "control"
    """100 and more."""
    URGENT = "urgent"
    """1 to 99."""
    NORMAL = "normal"
    """0."""
    LOW = "low"
    """Less than 0."""


def level_of(priority: int) -> Level:
    """The level of a message's priority."""
    if priority >= _CONTROL_PRIORITY:
        return Level.CONTROL
    if priority > 0:
        return Level.URGENT
    return Level.NORMAL if priority == 0 else Level.LOW


@dataclass(frozen=True, slots=True)
class QueueNames:
    """Names of the broker's queues of one partition: ``<prefix>/<partition>/<queue>/<level>``.

    Each part is percent-encoded, so two different ones never have one name.
    The queue's part of the two names below is empty.
    """

    prefix: str
    partition: str

    def of(self, queue: str, level: Level) -> str:
        """The broker's queue of this level. Raises ``InputError`` for a name that is too long."""
        if not queue:
            raise InputError("A queue needs a name.")
        return self._name(queue, level)

    @property
    def dead_letters(self) -> str:
        """The queue of what was set aside."""
        return self._name("", "dead-letters")

    @property
    def directory(self) -> str:
        """The queue that holds the name of each queue of the partition: AMQP cannot list queues."""
        return self._name("", "names")

    def _name(self, queue: str, last: str) -> str:
        name = "/".join(quote(part, safe=":") for part in (self.prefix, self.partition, queue, last))
        if len(name.encode()) > _MAX_NAME_BYTES:
            raise InputError(
                f"'{name}' is too long for a queue of RabbitMQ ({_MAX_NAME_BYTES} bytes).",
                remedy="Choose a shorter partition, kind or option 'prefix'.",
            )
        return name
