"""Task plugins that do nothing, or wait, registered through a real entry point, to measure the engine alone."""

from __future__ import annotations

import sys
from pathlib import Path

MODULE = """
import time

from airavata_workload.domain.outcome import Completed
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin

class NoOp(TaskPlugin):
    kind = "no-op"
    parameters_model = Parameters

    def execute(self, run):
        return Completed()


class Wait(TaskPlugin):
    kind = "wait-100-ms"
    parameters_model = Parameters

    def execute(self, run):
        time.sleep(0.1)
        return Completed()
"""


def install(directory: Path) -> None:
    """Make an importable distribution with the plugin in ``directory`` and put that on ``sys.path``."""
    info = directory / "noop_task_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (directory / "noop_task_plugin.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: noop-task-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[airavata_workload.tasks]\nno-op = noop_task_plugin:NoOp\nwait-100-ms = noop_task_plugin:Wait\n"
    )
    sys.path.insert(0, str(directory))


DAG = """
application_type: no-op
description: five tasks that do nothing
tasks:
  one: {kind: no-op}
  two: {kind: no-op, after: one}
  three: {kind: no-op, after: two}
  four: {kind: no-op, after: three}
  five: {kind: no-op, after: four}
"""
