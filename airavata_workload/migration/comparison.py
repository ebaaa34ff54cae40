"""Whether what the target has is what the source has, or what became of it there."""

from __future__ import annotations

from airavata_workload.domain.errors import ConflictError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.task import LoadedDag, Task
from airavata_workload.ports.credential_store import Credential


def continues_experiment(ours: Experiment, theirs: Experiment) -> bool:
    """Whether the target's is the same experiment, in the same state or a later one."""
    same = (
        ours.experiment_id == theirs.experiment_id
        and ours.created_at_us == theirs.created_at_us
        and (ours.name, ours.application_type) == (theirs.name, theirs.application_type)
        and (ours.gateway, ours.user) == (theirs.gateway, theirs.user)
        and ours.request_json() == theirs.request_json()
    )
    return same and theirs.updated_at_us >= ours.updated_at_us


def continues_dag(ours: LoadedDag, theirs: LoadedDag) -> bool:
    """Whether the target's tasks are the same, each with our history at the beginning of its own."""
    if [task.task_id for task in ours.tasks] != [task.task_id for task in theirs.tasks]:
        return False
    return all(_continues(our, their) for our, their in zip(ours.tasks, theirs.tasks, strict=True))


def _continues(ours: Task, theirs: Task) -> bool:
    if theirs.history[: len(ours.history)] != ours.history:
        return False
    # Without a further line nobody has touched it there but to note what it waits for, or that its job is over.
    untouched = len(theirs.history) == len(ours.history)
    same = (ours.state, ours.intent) == (theirs.state, theirs.intent) and ours.job in (None, theirs.job)
    return same or not untouched


def same_credential(ours: Credential, theirs: Credential) -> bool:
    """Whether both give the same access."""
    return (ours.user, ours.private_key, ours.passphrase, ours.password) == (
        theirs.user,
        theirs.private_key,
        theirs.passphrase,
        theirs.password,
    )


def refuse(experiment_ids: list[str]) -> ConflictError:
    """The error for experiments that are different ones in the target, or older."""
    shown = ", ".join(experiment_ids[:5]) + (", ..." if len(experiment_ids) > 5 else "")
    return ConflictError(
        f"The target has {len(experiment_ids)} experiments of the same id that differ: {shown}.",
        remedy="Move into an installation that has none of these, for example with a database of its own.",
    )
