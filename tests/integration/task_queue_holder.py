"""A process that takes one message, says so, and keeps it until it is killed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from airavata_adapters.task_queues.rabbitmq import open_task_queue
from airavata_workload.ports.backing import BackingContext


def main() -> None:
    url, prefix, name = sys.argv[1:]
    context = BackingContext(home=Path(), session="holder", options={"urls": [url], "prefix": prefix})
    queue = open_task_queue(context)
    (delivery,) = queue.consume([name], 1, 30.0)
    print(delivery.body["n"], flush=True)
    time.sleep(120.0)


if __name__ == "__main__":
    main()
