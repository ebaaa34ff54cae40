"""The task plugins about jobs in the suite that third parties run over theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airavata_plugins.job_monitoring import JobMonitoring
from airavata_plugins.job_submission import JobSubmission
from airavata_workload.domain.outcome import Outcome
from airavata_workload.testing.task_plugin_suite import Ground, TaskPluginSuite, as_json

# The job's id has a process id in it, which differs between the two grounds that a test may compare.
VARYING = ("submitted_at_us", "job_id")


def without_varying(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_varying(member) for key, member in value.items() if key not in VARYING}
    return value


class TestJobSubmission(TaskPluginSuite):
    plugin_class = JobSubmission

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        return {"directory": str(ground.here_scratch / "it's here"), "commands": [["echo", "$(id)"]]}

    def comparable(self, outcome: Outcome) -> Any:
        return without_varying(as_json(outcome))


class TestJobSubmissionThatWaits(TestJobSubmission):
    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        return {**super().prepare(ground), "wait": True}


class TestJobMonitoring(TaskPluginSuite):
    plugin_class = JobMonitoring

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        return {
            "job": {
                "job_id": "host.1.2",
                "job_name": "Amonitored00000",
                "cluster": "here",
                "working_directory": str(ground.here_scratch),
                "submitted_at_us": 7,
            }
        }
