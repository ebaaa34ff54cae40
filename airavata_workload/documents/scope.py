"""What references ``${root.member...}`` in DAGs and experiments may name.

==================  ==========================================================
root                members
==================  ==========================================================
``experiment``      ``id``, ``name``, ``user``, ``gateway``,
                    ``application_type``, ``compute_resource``,
                    ``output_directory``, ``priority`` (normal or urgent),
                    ``queue`` (that it asks for, or the cluster's)
``process``         ``id``, ``working_directory``
``application``     ``name``, ``commands`` (argument vectors, resolved),
                    ``modules``, ``environment``, ``stdout``, ``stderr``
``inputs.<name>``   the value of a plain input, or the name or names that its
                    files have in the working directory
``input_files``     list of ``{input, place, name, required}``
``outputs``         list of ``{name, path, type, required}``
``resources``       what the job asks for; a member that the experiment does
                    not give is not there
``parameters.*``    the experiment's free values
``item, index``     inside ``for_each``: the item and its number from 0
``tasks.<t>``       ``outputs.<name>`` of a task that comes before; of a
                    ``for_each`` task, the list of its tasks' outputs
==================  ==========================================================
"""

from __future__ import annotations

from collections.abc import Mapping

from airavata_workload.domain.dag import nearest
from airavata_workload.domain.job import ResourceRequest

Members = Mapping[str, frozenset[str] | None]
"""Roots and what each has as its second word; ``None``: anything, or nothing."""

SCOPE: Members = {
    "experiment": frozenset(
        {
            "id",
            "name",
            "user",
            "gateway",
            "application_type",
            "compute_resource",
            "output_directory",
            "priority",
            "queue",
        }
    ),
    "process": frozenset({"id", "working_directory"}),
    "application": frozenset({"name", "commands", "modules", "environment", "stdout", "stderr"}),
    "inputs": None,
    "input_files": None,
    "outputs": None,
    "resources": frozenset(ResourceRequest.__slots__),
    "parameters": None,
}
"""What every DAG may refer to, anywhere."""

ITEM: Members = {"item": None, "index": None}
"""What a ``for_each`` task may refer to besides."""


def unknown(reference: str, scope: Members) -> tuple[str, str | None] | None:
    """What is wrong with a reference, as the end of a sentence, and the nearest right one; ``None`` if it is right."""
    root, *rest = reference.split(".")
    if root not in scope:
        close = nearest(root, scope)
        return f"refers to '{root}', which is none of {', '.join(scope)}", ".".join([close, *rest]) if close else None
    members = scope[root]
    if members is None or not rest or rest[0] in members:
        return None
    close = nearest(rest[0], members)
    known = ", ".join(sorted(members)) or "nothing"
    suggestion = ".".join([root, close, *rest[1:]]) if close else None
    return f"refers to '{rest[0]}', which '{root}' does not have (it has: {known})", suggestion
