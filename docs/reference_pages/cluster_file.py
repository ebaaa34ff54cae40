"""The page of the cluster file."""

from __future__ import annotations

from airavata_workload.documents.cluster_file import ClusterModel, QueueTable
from reference_pages import project
from reference_pages.markdown import document, fenced
from reference_pages.models import keys

_INTRODUCTION = """
A cluster file describes one compute or storage resource: how to get there, where to work, what runs jobs. It is
[TOML](https://toml.io/en/v1.0.0). `NAME.toml` describes the cluster `NAME` (letters, digits, `.`, `-` and `_`).

Cluster files are in `clusters/` in the home directory; those that come with the distribution (`local`) come after, so
that a file of the same name takes the place of ours. A file is read again when it changes: connections that are opened
from then on follow it, those in use are not torn down.

[Add a cluster](../how-to/add-a-cluster.md) does it step by step.
"""

_PATHS = """
In `scratch_directory`, `identity_file` and `known_hosts_file`, `${home}` stands for the engine's home directory. In
`scratch_directory`, `{user}` stands for the login name on the cluster. `identity_file` and `known_hosts_file` are files
on the engine's machine, relative to the cluster file; `~` is your home.

Lines in `pre_commands`, `post_commands` and `directives` go into every job script as they are. They are the
administrator's; nothing of a user ever gets there.
"""


def page() -> str:
    """The page."""
    return document(
        "Cluster file",
        "`airavata_workload/documents/cluster_file.py`",
        _INTRODUCTION,
        "## Keys",
        keys(ClusterModel),
        _PATHS,
        "## `[queues.NAME]`",
        "An experiment that asks a queue for more than its limits is refused before it starts. When the cluster file "
        "declares no queue at all, nothing is judged.",
        keys(QueueTable),
        "## Example",
        "`config/examples/clusters/slurm-over-ssh.toml`:",
        fenced("toml", project.shipped("examples/clusters/slurm-over-ssh.toml")),
    )
