"""What lists and single records cost with 100,000 experiments stored, and how the database finds them.

Run by ``python tests/bench/bench_records.py [URL]``: over the embedded record
store, or over the database of the URL, which must be empty. Prints one JSON
line a figure; with ``--explain`` also how the database carries out each query.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from figures import figure, median_s
from sqlalchemy import Engine, create_engine, event, text

from airavata_adapters.record_stores import embedded, sql
from airavata_workload.domain.experiment import DataType
from airavata_workload.domain.states import ExperimentState
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.record_store import Among, Query, Records, RecordStore
from airavata_workload.records.application_io import InputDataObject, OutputDataObject
from airavata_workload.records.experiments import GatewayExperiment, UserConfigurationData
from airavata_workload.records.scheduling import ComputationalResourceScheduling
from airavata_workload.records.sharing import Sharing
from airavata_workload.records.statuses import ExperimentStatus

EXPERIMENTS = 100_000
USERS = 200
BATCH = 2_000
TIMES = 60
GATEWAY = "seagrid"
RARE = "box 4242"
"""A part of eleven names, all among the older half."""
STATES = [ExperimentState.COMPLETED] * 7 + [ExperimentState.FAILED, ExperimentState.CANCELED, ExperimentState.EXECUTING]


def experiment(number: int, chance: random.Random) -> GatewayExperiment:
    """An experiment as a portal stores it, with five inputs and three outputs."""
    name = f"Water box {number}"
    scheduling = ComputationalResourceScheduling(
        resource_host_id=f"host{number % 5}_0", queue_name="normal", node_count=1, total_cpu_count=24
    )
    return GatewayExperiment(
        experiment_id=f"{name.replace(' ', '_')}_{UUID(int=chance.getrandbits(128))}",
        project_id=f"project-{number % 1000}",
        gateway_id=GATEWAY,
        user_name=f"user{number % USERS}",
        experiment_name=name,
        description="Energy minimisation of a box of water, then 2 ns at constant pressure.",
        created_at_ms=1_700_000_000_000 + number * 1000,
        execution_id=f"Gromacs_{number % 20}",
        user_configuration_data=UserConfigurationData(computational_resource_scheduling=scheduling),
        experiment_inputs=tuple(
            InputDataObject(
                name=f"input-{each}", type=DataType.URI, value=f"airavata-dp://{number}-{each}", input_order=each
            )
            for each in range(5)
        ),
        experiment_outputs=tuple(OutputDataObject(name=f"output-{each}", type=DataType.URI) for each in range(3)),
        experiment_status=(
            ExperimentStatus(state=ExperimentState.CREATED, changed_at_ms=1_700_000_000_000),
            ExperimentStatus(state=chance.choice(STATES), changed_at_ms=1_700_000_001_000),
        ),
    )


def fill(store: RecordStore) -> list[str]:
    """Store the experiments, each readable for its user and for the staff; their ids."""
    chance, ids = random.Random(7), []
    for begin in range(0, EXPERIMENTS, BATCH):
        with store.transaction() as records:
            for number in range(begin, begin + BATCH):
                made = experiment(number, chance)
                ids.append(made.experiment_id)
                records.put(made)
                for group in (made.user_name, "staff"):
                    records.put(
                        Sharing(
                            domain_id=GATEWAY,
                            entity_id=made.experiment_id,
                            group_id=group,
                            permission_type_id=f"{GATEWAY}:READ",
                        )
                    )
    return ids


def page(records: Records, which: Query, offset: int = 0) -> None:
    """The first twenty, the newest first."""
    records.find(GatewayExperiment, which, order_by="created_at_ms", descending=True, limit=20, offset=offset)


def reads(ids: list[str]) -> dict[str, Callable[[Records], object]]:
    """What is measured, by name."""
    chance = random.Random(8)
    here = {"gateway_id": GATEWAY}
    visible, staff = (
        Query(
            equal=here,
            among={
                "experiment_id": Among(
                    kind=Sharing,
                    column="entity_id",
                    which=Query(
                        equal={"domain_id": GATEWAY, "group_id": group, "permission_type_id": f"{GATEWAY}:READ"}
                    ),
                )
            },
        )
        for group in ("user7", "staff")
    )
    span = (1_700_000_000_000 + 40_000_000, 1_700_000_000_000 + 60_000_000)
    return {
        "get": lambda records: records.get(GatewayExperiment, chance.choice(ids)),
        "page of a user": lambda records: page(records, Query(equal={**here, "user_name": "user7"})),
        "page of a project": lambda records: page(records, Query(equal={**here, "project_id": "project-9"})),
        "page of a gateway": lambda records: page(records, Query(equal=here)),
        "page of a state": lambda records: page(records, Query(equal={**here, "state": "FAILED"})),
        "page of an application": lambda records: page(records, Query(equal={**here, "execution_id": "Gromacs_3"})),
        "page of dates": lambda records: page(records, Query(equal=here, between={"created_at_ms": span})),
        "page of a common name": lambda records: page(
            records, Query(equal=here, contains={"experiment_name": "BOX 9"})
        ),
        "page of a rare name": lambda records: page(records, Query(equal=here, contains={"experiment_name": RARE})),
        "page of a rare name that staff may see": lambda records: page(
            records, replace(staff, contains={"experiment_name": RARE})
        ),
        "page of what one may see": lambda records: page(records, visible),
        "page of what staff may see": lambda records: page(records, staff),
        "tenth page of what one may see": lambda records: page(records, visible, 200),
        "count of a user": lambda records: records.count(
            GatewayExperiment, Query(equal={**here, "user_name": "user7"})
        ),
        "states of a gateway": lambda records: records.count_by(GatewayExperiment, "state", Query(equal=here)),
    }


def measure(store: RecordStore, ids: list[str]) -> None:
    """One figure a read, then a write."""
    for name, read in reads(ids).items():

        def once(read: Callable[[Records], object] = read) -> None:
            with store.reading() as records:
                read(records)

        once()
        times = TIMES if name != "states of a gateway" else 10
        figure(f"records: {name}, p50", median_s(once, times) * 1000, "ms", "< 5")
    chance = random.Random(9)

    def write() -> None:
        with store.transaction() as records:
            records.add(experiment(EXPERIMENTS, chance))

    figure("records: add an experiment, p50", median_s(write, TIMES) * 1000, "ms", "< 5")


def explain(engine: Engine, store: RecordStore, ids: list[str]) -> None:
    """Print how the database carries out each read."""
    said: list[tuple[str, object]] = []
    event.listen(Engine, "before_cursor_execute", lambda *what: said.append((what[2], what[3])))
    for name, read in reads(ids).items():
        said.clear()
        with store.reading() as records:
            read(records)
        statement, parameters = next(each for each in said if "FROM gateway_experiments" in each[0])
        prefix = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
        with engine.connect() as connection:
            for row in connection.exec_driver_sql(prefix + statement, parameters):  # type: ignore[arg-type]
                print(f"# {name}: {' | '.join(map(str, row))}", flush=True)


def main() -> None:
    """Fill an empty store, and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--explain", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        context = BackingContext(
            home=Path(home), session="bench", options={"url": arguments.url} if arguments.url else {}
        )
        store = (sql if arguments.url else embedded).open_record_store(context)
        ids = fill(store)
        engine = create_engine(arguments.url or f"sqlite:///{home}/{embedded.FILE_NAME}")
        if arguments.url:
            with engine.connect() as connection:
                connection.execute(text("ANALYZE TABLE gateway_experiments, gateway_sharing_sharings"))
        else:
            event.listen(engine, "connect", _with_lower)
        measure(store, ids)
        if arguments.explain:
            explain(engine, store, ids)
        engine.dispose()
        store.close()


def _with_lower(connection: sqlite3.Connection, _record: object) -> None:
    connection.create_function("lower", 1, str.lower, deterministic=True)


if __name__ == "__main__":
    main()
