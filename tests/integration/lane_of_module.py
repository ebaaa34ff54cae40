"""Which modules of tests must not run beside each other, and which of them begin first."""

from __future__ import annotations

TOGETHER = {
    # Some want a node for themselves and take it down, others fill all nodes.
    "slurm": ("test_hmmer_on_slurm", "test_bad_input_slurm", "test_slurm_jobs", "test_slurm_submission"),
    # It has one database: what a test leaves there, or has there at the moment, another one's engine would drive.
    "neo4j": (
        "test_distributed_services",
        "test_migrate_to_distributed",
        "test_neo4j_graph_store",
        "test_neo4j_outages",
    ),
}
"""Modules by what they share. All others use data of their own, or servers of their own."""

LONGEST_FIRST = ("slurm", "neo4j", "test_python_sdks", "test_rabbitmq_outages", "test_rabbitmq_event_bus")
"""Lanes that would go on long after the rest has ended, were they begun last."""

_LANES = {module: lane for lane, modules in TOGETHER.items() for module in modules}


def lane_of(module: str) -> str:
    """The name of the lane that a module's tests run in: one after the other, in one process."""
    return _LANES.get(module, module)


def turn(module: str) -> int:
    """A smaller number begins earlier."""
    lane = lane_of(module)
    return LONGEST_FIRST.index(lane) if lane in LONGEST_FIRST else len(LONGEST_FIRST)
