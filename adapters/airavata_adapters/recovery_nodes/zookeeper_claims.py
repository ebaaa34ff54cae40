"""Makes, takes over and removes the experiments' nodes: every write is a transaction of a session that lives."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence

from kazoo.client import TransactionRequest
from kazoo.exceptions import BadVersionError, NodeExistsError, NoNodeError, NotEmptyError, ZookeeperError

from airavata_adapters.recovery_nodes.zookeeper_client import (
    IN_TRANSACTION,
    Fill,
    Requests,
    demand,
    listing,
    reading,
    synced,
)
from airavata_adapters.recovery_nodes.zookeeper_paths import Paths
from airavata_adapters.recovery_nodes.zookeeper_records import Owner

_Write = Callable[[TransactionRequest, str], None]
"""Adds what one experiment needs to a transaction."""


class Claims:
    """The experiments of one session. Every method may be repeated, and raises what ``Requests`` raises.

    ``NoNodeError`` means that the epoch is not established (any more), so
    nothing was written.
    """

    def __init__(self, paths: Paths, session: str) -> None:
        self._paths = paths
        self._session = session

    def create(self, experiment_ids: Sequence[str], epoch: str, requests: Requests) -> None:
        """Make the nodes that are not there."""
        stored = Owner(self._session, epoch).to_bytes()

        def write(transaction: TransactionRequest, experiment_id: str) -> None:
            transaction.create(self._paths.experiment(experiment_id), stored)
            transaction.create(self._paths.owned_experiment(epoch, experiment_id))

        refused = self._write_parts(write, experiment_ids, epoch, requests)
        demand(refused.values(), NodeExistsError)
        owners = self._owners(list(refused), requests)
        self._mend(owners, epoch, requests)
        missing = refused.keys() - owners
        demand(self._write_one_by_one(write, missing, epoch, requests).values(), NodeExistsError)

    def remove(self, experiment_ids: Sequence[str], epoch: str, requests: Requests) -> None:
        """Remove the nodes that are there, whoever owns them."""
        # One that ends is nearly always ours; many are removed when they are not.
        owners = (
            {experiment_ids[0]: (Owner(self._session, epoch), -1)}
            if len(experiment_ids) == 1
            else self._owners(experiment_ids, requests)
        )

        def write(transaction: TransactionRequest, experiment_id: str) -> None:
            owner, version = owners[experiment_id]
            if owner.epoch:
                transaction.delete(self._paths.owned_experiment(owner.epoch, experiment_id))
            transaction.delete(self._paths.experiment(experiment_id), version)

        refused = self._write_parts(write, owners, epoch, requests)
        failures = self._write_one_by_one(write, refused, epoch, requests)
        demand(failures.values(), NoNodeError, BadVersionError)
        for experiment_id in failures:
            self._remove_from_owner(experiment_id, epoch, requests)

    def claim(self, experiment_id: str, epoch: str, requests: Requests) -> bool:
        """Whether the node is ours now.

        In one transaction: our epoch's ephemeral node is there, and the
        experiment's node is still as it was when its owner's epoch was seen
        to be over. An epoch does not come back, so the owner cannot have
        returned in between without changing the node.
        """
        while True:
            owner, version = self._owner(experiment_id, requests)
            if owner is None:
                return False
            # After the owner: an epoch's node is made before anything is in its name.
            if owner.epoch in requests.answer(listing(self._paths.sessions)):
                return owner.session == self._session
            if self._take_over(experiment_id, owner, version, epoch, requests):
                return True

    def retake(self, experiment_ids: Sequence[str], past: str, epoch: str, requests: Requests) -> None:
        """Take from a past epoch of ours what nobody else has taken from it."""
        stored = Owner(self._session, epoch).to_bytes()

        def write(transaction: TransactionRequest, experiment_id: str) -> None:
            # It can be deleted once: nobody else has taken the experiment.
            transaction.delete(self._paths.owned_experiment(past, experiment_id))
            transaction.create(self._paths.owned_experiment(epoch, experiment_id))
            transaction.set_data(self._paths.experiment(experiment_id), stored)

        refused = self._write_parts(write, experiment_ids, epoch, requests)
        demand(self._write_one_by_one(write, refused, epoch, requests).values(), NoNodeError)

    def tidy(self, past: str, requests: Requests) -> None:
        """Remove what is left of an epoch that is over, if it owns nothing."""

        def fill(transaction: TransactionRequest) -> None:
            for path in (*self._paths.owned_lists(past), self._paths.owner(past)):
                transaction.delete(path)

        failed = requests.commit(fill)
        if failed is not None:
            demand([failed[1]], NoNodeError, NotEmptyError)

    def _mend(self, owners: Mapping[str, tuple[Owner, int]], epoch: str, requests: Requests) -> None:
        """Take over nodes that are in nobody's list, which only somebody else's hands can have brought about."""
        epochs = {owner.epoch for owner, _version in owners.values() if owner.epoch}
        lists = [path for past in epochs for path in self._paths.owned_lists(past)]
        answers = requests.answers(listing(path) for path in lists)
        demand(answers, NoNodeError)
        listed = {
            f"{path}/{name}"
            for path, names in zip(lists, answers, strict=True)
            if not isinstance(names, NoNodeError)
            for name in names
        }
        for experiment_id, (owner, version) in owners.items():
            if not owner.epoch or self._paths.owned_experiment(owner.epoch, experiment_id) not in listed:
                self._take_over(experiment_id, owner, version, epoch, requests)

    def _remove_from_owner(self, experiment_id: str, epoch: str, requests: Requests) -> None:
        path = self._paths.experiment(experiment_id)
        while True:
            owner, version = self._owner(experiment_id, requests)
            if owner is None:
                return
            writes: list[Fill] = [functools.partial(_delete, path=path, version=version)]
            if owner.epoch:
                writes.append(functools.partial(_delete, path=self._paths.owned_experiment(owner.epoch, experiment_id)))
            if self._changes(writes, epoch, requests):
                return

    def _take_over(self, experiment_id: str, owner: Owner, version: int, epoch: str, requests: Requests) -> bool:
        """Whether we have it now; not if its node is no longer in this version."""
        stored = Owner(self._session, epoch).to_bytes()
        ours = self._paths.owned_experiment(epoch, experiment_id)
        writes: list[Fill] = [
            functools.partial(_set, path=self._paths.experiment(experiment_id), stored=stored, version=version),
            functools.partial(_create, path=ours),
        ]
        if owner.epoch:
            writes.append(functools.partial(_delete, path=self._paths.owned_experiment(owner.epoch, experiment_id)))
        return self._changes(writes, epoch, requests)

    def _changes(self, writes: Sequence[Fill], epoch: str, requests: Requests) -> bool:
        """Whether the writes could be carried out: the first as it must be, the last even if its node is not there."""
        failed = requests.commit(functools.partial(self._fill, epoch, writes))
        if failed is not None and failed[0] == len(writes) > 1 and isinstance(failed[1], NoNodeError):
            failed = requests.commit(functools.partial(self._fill, epoch, writes[:-1]))
        if failed is None:
            return True
        if failed[0] == 1 and isinstance(failed[1], BadVersionError | NoNodeError):
            return False
        raise failed[1]

    def _owner(self, experiment_id: str, requests: Requests) -> tuple[Owner | None, int]:
        """Who owns the experiment, in which version of its node; nothing if there is no such node."""
        return self._owners([experiment_id], requests).get(experiment_id, (None, -1))

    def _owners(self, experiment_ids: Sequence[str], requests: Requests) -> dict[str, tuple[Owner, int]]:
        """Who owns the experiments, in which version of their nodes, of those that have one."""
        reads = [reading(self._paths.experiment(experiment_id)) for experiment_id in experiment_ids]
        # The server that we talk to may not have heard yet of what another session has just done.
        _synced, *answers = requests.answers([synced(self._paths.root), *reads])
        demand(answers, NoNodeError)
        return {
            experiment_id: (Owner.from_bytes(answer[0]), answer[1].version)
            for experiment_id, answer in zip(experiment_ids, answers, strict=True)
            if not isinstance(answer, NoNodeError)
        }

    def _write_parts(
        self, write: _Write, experiment_ids: Iterable[str], epoch: str, requests: Requests
    ) -> dict[str, ZookeeperError]:
        """Carry the writes of all experiments out, many in a transaction.

        Returns those of transactions that were refused, each with the reason
        of its transaction, which may be another experiment.
        """
        ids = list(dict.fromkeys(experiment_ids))
        parts = [ids[start : start + IN_TRANSACTION] for start in range(0, len(ids), IN_TRANSACTION)]
        failures = zip(parts, self._commits(write, parts, epoch, requests), strict=True)
        return {one: failure for part, failure in failures if failure is not None for one in part}

    def _write_one_by_one(
        self, write: _Write, experiment_ids: Iterable[str], epoch: str, requests: Requests
    ) -> dict[str, ZookeeperError]:
        """Carry the writes out, each experiment's by itself; those that could not be, and why."""
        ids = list(experiment_ids)
        failures = zip(ids, self._commits(write, [[one] for one in ids], epoch, requests), strict=True)
        return {one: failure for one, failure in failures if failure is not None}

    def _commits(
        self, write: _Write, parts: Sequence[Sequence[str]], epoch: str, requests: Requests
    ) -> list[ZookeeperError | None]:
        """What kept each transaction from being carried out.

        Raises if our epoch's ephemeral node is not there.
        """
        fills = (
            functools.partial(self._fill, epoch, [functools.partial(_each, write=write, ids=part)]) for part in parts
        )
        failures: list[ZookeeperError | None] = []
        for failed in requests.commits(fills):
            place, error = failed or (1, None)
            if place == 0 and error is not None:
                raise error
            failures.append(error)
        return failures

    def _fill(self, epoch: str, writes: Sequence[Fill], transaction: TransactionRequest) -> None:
        transaction.check(self._paths.session(epoch), -1)
        for write in writes:
            write(transaction)


def _each(transaction: TransactionRequest, *, write: _Write, ids: Sequence[str]) -> None:
    for experiment_id in ids:
        write(transaction, experiment_id)


def _create(transaction: TransactionRequest, *, path: str) -> None:
    transaction.create(path)


def _delete(transaction: TransactionRequest, *, path: str, version: int = -1) -> None:
    transaction.delete(path, version)


def _set(transaction: TransactionRequest, *, path: str, stored: bytes, version: int) -> None:
    transaction.set_data(path, stored, version)
