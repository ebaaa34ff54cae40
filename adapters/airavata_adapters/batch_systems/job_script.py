"""Renders job scripts from the templates in ``airavata_workload_config``."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from airavata_adapters.batch_systems import script_values
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.job import JobDescription
from airavata_workload.ports.batch_system import exit_code_file

if TYPE_CHECKING:
    from jinja2 import Environment


@functools.cache
def _environment() -> Environment:
    # Imported here: Jinja takes 50 ms to import, and most commands write no job script.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(  # noqa: S701 - the result is shell text, quoted by its own filter, never HTML
        loader=PackageLoader("airavata_workload_config", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters["quote"] = shlex.quote
    return environment


def render(template: str, cluster: Cluster, description: JobDescription, variables: Mapping[str, object]) -> str:
    """The job script of a description on a cluster.

    The administrator's environment, modules and lines come from the cluster
    and stand before the task's own. Raises ``ParameterError`` that names the
    value for anything that could change the script instead of standing in it.
    """
    environment = {**cluster.environment, **description.environment}
    context = {
        "job_name": script_values.directive_word("job name", description.job_name),
        "working_directory": script_values.working_directory(description.working_directory),
        "exit_code_file": exit_code_file(description.job_name),
        "environment": {
            script_values.environment_name(name): script_values.text(f"environment variable {name}", value)
            for name, value in environment.items()
        },
        "modules": tuple(script_values.line("module", name) for name in (*cluster.modules, *description.modules)),
        "pre_commands": (*cluster.pre_commands, *description.pre_commands),
        "commands": tuple(script_values.command(words) for words in description.commands),
        "post_commands": (*description.post_commands, *cluster.post_commands),
        "own_process_group": False,
    }
    return _environment().get_template(template).render({**context, **variables})
