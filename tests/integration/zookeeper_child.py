"""A process with recovery nodes in ZooKeeper, told what to do by lines on its standard input.

Run with the options (JSON) and the name of its session. Each line is a JSON list, the name of a method and its
arguments; the answer is a line of JSON: ``{"returned": ...}`` or ``{"raised": name of the error}``.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from airavata_adapters.recovery_nodes.zookeeper import open_recovery_nodes
from airavata_workload.domain.errors import WorkloadError
from airavata_workload.ports.backing import BackingContext


def plain(value: Any) -> Any:
    """The value as JSON has it."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def main(options: str, session: str) -> None:
    try:
        nodes = open_recovery_nodes(BackingContext(home=Path(), session=session, options=json.loads(options)))
    except WorkloadError as error:
        say({"raised": type(error).__name__})
        return
    say({"returned": nodes.session})
    for line in sys.stdin:
        method, *arguments = json.loads(line)
        try:
            say({"returned": plain(getattr(nodes, method)(*arguments))})
        except WorkloadError as error:
            say({"raised": type(error).__name__})


if __name__ == "__main__":
    main(*sys.argv[1:])
