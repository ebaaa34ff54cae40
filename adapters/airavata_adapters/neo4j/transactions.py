"""Transactions that happen once, even when the connection breaks while they commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from airavata_adapters.neo4j import statements
from airavata_adapters.neo4j.group_commit import Answers, Work
from airavata_adapters.neo4j.server import Call, CommitUncertain, Rows, Server
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import StoreUnavailableError

_UNCERTAIN_COMMITS = 3


class Transactions:
    """Carries out the work of several callers in one transaction after the other, never two at once.

    Each transaction leaves its number on the writer's own node. When the
    connection breaks during a commit, that number tells whether it happened:
    a claim that was stored and reported as lost would leave its task with
    nobody to run it.
    """

    def __init__(self, server: Server, writer_id: str) -> None:
        self._server = server
        self._writer_id = writer_id
        self._batch = 0

    def commit(self, works: Sequence[Work]) -> list[Answers]:
        """The answers for each part, durable. Raises what ``Server`` raises; then nothing is stored."""
        self._batch += 1
        grouped = [(each, [work for work in works if work.statement is each]) for each in statements.IN_ORDER]
        grouped = [(statement, sorted(mine, key=_order)) for statement, mine in grouped if mine]
        found: dict[int, Answers] = {}
        rows_of_each = self._carry_out(self._calls(grouped, works))
        for (_, mine), rows in zip(grouped, rows_of_each, strict=True):
            answers = iter(_by_place(rows, sum(len(work.rows) for work in mine)))
            found |= {id(work): list(islice(answers, len(work.rows))) for work in mine}
        return [found[id(work)] for work in works]

    def _calls(
        self, grouped: Sequence[tuple[statements.Statement, Sequence[Work]]], works: Sequence[Work]
    ) -> Iterator[Call]:
        """The statements; the first one takes the locks for all."""
        task_ids = sorted({task_id for work in works for task_id in work.task_ids})
        experiment_ids = sorted({experiment_id for work in works for experiment_id in work.experiment_ids})
        for statement, mine in grouped:
            rows = [row for work in mine for row in work.rows]
            yield Call(
                statement.text,
                {
                    "writer_id": self._writer_id,
                    "batch": self._batch,
                    "at_us": now_us(),
                    "task_ids": task_ids,
                    "experiment_ids": experiment_ids,
                    "rows": [{**row, "place": place} for place, row in enumerate(rows)],
                },
            )
            task_ids, experiment_ids = [], []

    def _carry_out(self, calls: Iterator[Call]) -> list[Rows]:
        prepared = list(calls)
        for _ in range(_UNCERTAIN_COMMITS):
            try:
                return self._server.transact(prepared)
            except CommitUncertain as uncertain:
                if self._happened():
                    return uncertain.rows
        raise StoreUnavailableError(
            f"The graph store at {self._server.options.url} breaks the connection at every commit.",
            remedy="Its own log may say why.",
        )

    def _happened(self) -> bool:
        parameters = {"writer_id": self._writer_id, "at_us": now_us()}
        try:
            ((row,),) = self._server.transact([Call(statements.COMMITTED, parameters)])
        except CommitUncertain as uncertain:
            ((row,),) = uncertain.rows  # what it wrote does not matter, what it read does
        return bool(row["batch"] == self._batch)


def _order(work: Work) -> tuple[str, ...]:
    """Whatever is made is made in the order of experiments: it is locked when it is made, not before."""
    return tuple(work.experiment_ids)


def _by_place(rows: Rows, count: int) -> Answers:
    answers: Answers = [None] * count
    for row in rows:
        answers[row["place"]] = row
    return answers
