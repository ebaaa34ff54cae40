"""The statements of the embedded graph store."""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    null,
    select,
    update,
)

from airavata_adapters.sqlite.prepared import Prepared
from airavata_adapters.sqlite.tables import (
    abstract_dags,
    loaded_dags,
    task_edges,
    task_history,
    task_states,
    tasks,
)
from airavata_workload.domain.states import TaskState

_COMPLETED: ColumnElement[str] = literal_column(f"'{TaskState.COMPLETED}'")
_CREATED: ColumnElement[str] = literal_column(f"'{TaskState.CREATED}'")
_EXECUTING: ColumnElement[str] = literal_column(f"'{TaskState.EXECUTING}'")

# -- abstract DAGs ---------------------------------------------------------------------------------------
NEWEST_ABSTRACT = Prepared(
    select(abstract_dags.c.version, abstract_dags.c.body)
    .where(abstract_dags.c.application_type == bindparam("application_type"))
    .order_by(abstract_dags.c.version.desc())
    .limit(1)
)
ABSTRACT_VERSION = Prepared(
    select(abstract_dags.c.version, abstract_dags.c.body).where(
        abstract_dags.c.application_type == bindparam("application_type"),
        abstract_dags.c.version == bindparam("version"),
    )
)
INSERT_ABSTRACT = Prepared(insert(abstract_dags))
ABSTRACT_VERSIONS = Prepared(
    select(abstract_dags.c.application_type, func.max(abstract_dags.c.version))
    .group_by(abstract_dags.c.application_type)
    .order_by(abstract_dags.c.application_type)
)

# -- making and removing loaded DAGs ---------------------------------------------------------------------
FIND_DAG = Prepared(
    select(loaded_dags.c.number, loaded_dags.c.open_tasks).where(
        loaded_dags.c.experiment_id == bindparam("experiment_id")
    )
)
DAG_HEAD = Prepared(
    select(loaded_dags.c.experiment_id, loaded_dags.c.application_type, loaded_dags.c.dag_version).where(
        loaded_dags.c.experiment_id == bindparam("experiment_id")
    )
)
NEXT_DAG_NUMBER = Prepared(
    select(func.coalesce(func.max(loaded_dags.c.number), literal_column("0")) + literal_column("1"))
)
NEXT_TASK_NUMBER = Prepared(select(func.coalesce(func.max(tasks.c.number), literal_column("0")) + literal_column("1")))
INSERT_DAG = Prepared(insert(loaded_dags))
INSERT_TASK = Prepared(insert(tasks))
INSERT_TASK_STATE = Prepared(insert(task_states))
INSERT_EDGE = Prepared(insert(task_edges))
INSERT_HISTORY = Prepared(insert(task_history))
SET_DAG_COUNTS = Prepared(
    update(loaded_dags)
    .where(loaded_dags.c.number == bindparam("of_dag"))
    .values(open_tasks=bindparam("open_tasks"), unsuccessful_tasks=bindparam("unsuccessful_tasks"))
)
DELETE_TASKS = Prepared(delete(tasks).where(tasks.c.dag_number == bindparam("of_dag")))
DELETE_DAG = Prepared(delete(loaded_dags).where(loaded_dags.c.number == bindparam("of_dag")))

# -- changing tasks --------------------------------------------------------------------------------------
_number_of_task = select(tasks.c.number).where(tasks.c.task_id == bindparam("task_id")).scalar_subquery()

FIND_TASK = Prepared(select(tasks.c.number, tasks.c.dag_number).where(tasks.c.task_id == bindparam("task_id")))

COMPARE_AND_SET = Prepared(
    update(task_states)
    .where(
        task_states.c.task_number == bindparam("of_task"),
        task_states.c.state == bindparam("expected"),
        task_states.c.attempt == bindparam("at_attempt"),
    )
    .values(
        state=bindparam("target"),
        attempt=bindparam("next_attempt"),
        failures=func.coalesce(bindparam("new_failures", type_=Integer), task_states.c.failures),
        owner=bindparam("new_owner"),
        not_before_us=bindparam("new_not_before_us"),
        waiting_for=bindparam("new_waiting_for"),
        reason=bindparam("new_reason"),
        user_message=bindparam("new_user_message"),
        job=bindparam("new_job"),
        intent=case(
            (bindparam("clear_intent", type_=Integer) == literal_column("1"), null()), else_=task_states.c.intent
        ),
        outputs=func.coalesce(bindparam("new_outputs"), task_states.c.outputs),
    )
)
"""Parameters that may be ``None`` keep what is stored, except ``new_job``."""

_lines = task_history.alias("lines")
APPEND_HISTORY = Prepared(
    insert(task_history)
    .inline()  # else SQLAlchemy asks for the line back, with a clause that SQLite before 3.35 does not know
    .values(
        task_number=bindparam("of_task"),
        line=select(func.coalesce(func.max(_lines.c.line), literal_column("0")) + literal_column("1"))
        .where(_lines.c.task_number == bindparam("of_task"))
        .scalar_subquery(),
        state=bindparam("state"),
        attempt=bindparam("attempt"),
        at_us=bindparam("at_us"),
        changed_by=bindparam("changed_by"),
        reason=bindparam("reason"),
    )
)
_successors = select(task_edges.c.successor).where(task_edges.c.predecessor == bindparam("of_task"))
COUNT_IN_SUCCESSORS = Prepared(
    update(task_states)
    .where(task_states.c.task_number.in_(_successors))
    .values(
        open_predecessors=task_states.c.open_predecessors + bindparam("opened", type_=Integer),
        unsuccessful_predecessors=task_states.c.unsuccessful_predecessors + bindparam("failed", type_=Integer),
    )
)
COUNT_IN_DAG = Prepared(
    update(loaded_dags)
    .where(loaded_dags.c.number == bindparam("of_dag"))
    .values(
        open_tasks=loaded_dags.c.open_tasks + bindparam("opened", type_=Integer),
        unsuccessful_tasks=loaded_dags.c.unsuccessful_tasks + bindparam("failed", type_=Integer),
    )
)
RECORD_INTENT = Prepared(
    update(task_states)
    .where(
        task_states.c.task_number == _number_of_task,
        task_states.c.state == _EXECUTING,
        task_states.c.attempt == bindparam("at_attempt"),
    )
    .values(intent=bindparam("new_intent"))
)
NOTE_WAITING = Prepared(
    update(task_states)
    .where(
        task_states.c.task_number == _number_of_task,
        task_states.c.state.in_([_CREATED, _EXECUTING]),
        task_states.c.waiting_for != bindparam("note"),
    )
    .values(waiting_for=bindparam("note"))
)
SETTLE_JOB = Prepared(
    update(task_states)
    .where(task_states.c.task_number == _number_of_task, task_states.c.state == _COMPLETED)
    .values(job=bindparam("settled_job"))
)

# -- reading ---------------------------------------------------------------------------------------------
_columns_of_whole_tasks = select(
    tasks.c.number,
    tasks.c.task_id,
    loaded_dags.c.experiment_id,
    tasks.c.process_id,
    tasks.c.name,
    tasks.c.kind,
    tasks.c.resource,
    tasks.c.gateway,
    tasks.c.context,
    tasks.c.depends_on,
    tasks.c.trigger_when,
    tasks.c.retry,
    tasks.c.priority,
    *(column for column in task_states.c if column.name != "task_number"),
    loaded_dags.c.open_tasks,
    loaded_dags.c.unsuccessful_tasks,
)
_whole_tasks = (
    _columns_of_whole_tasks.select_from(tasks)
    .join(task_states, task_states.c.task_number == tasks.c.number)
    .join(loaded_dags, loaded_dags.c.number == tasks.c.dag_number)
)
TASK_BY_NUMBER = Prepared(_whole_tasks.where(tasks.c.number == bindparam("of_task")))
TASK_BY_ID = Prepared(_whole_tasks.where(tasks.c.task_id == bindparam("task_id")))
TASKS_OF_EXPERIMENT = Prepared(
    _whole_tasks.where(loaded_dags.c.experiment_id == bindparam("experiment_id")).order_by(tasks.c.position)
)
PARKED_TASKS = Prepared(
    _whole_tasks.where(
        loaded_dags.c.experiment_id == bindparam("experiment_id"),
        task_states.c.state == _EXECUTING,
        task_states.c.job.is_not(None),
    ).order_by(tasks.c.position)
)
EXECUTING_TASKS = Prepared(
    _columns_of_whole_tasks.select_from(loaded_dags)
    # A column behind a plus sign is not looked up by its index, which leaves SQLite one way: from the unfinished DAGs
    # to their tasks. By itself it reads the states of all tasks there are (https://www.sqlite.org/optoverview.html, 1).
    .join(tasks, tasks.c.dag_number == literal_column("+loaded_dags.number"))
    .join(task_states, task_states.c.task_number == literal_column("+tasks.number"))
    .where(loaded_dags.c.open_tasks > literal_column("0"), task_states.c.state == _EXECUTING)
    .order_by(loaded_dags.c.number, tasks.c.position)
)
UNBLOCKED_SUCCESSORS = Prepared(
    _whole_tasks.join(
        task_edges, and_(task_edges.c.successor == tasks.c.number, task_edges.c.predecessor == bindparam("of_task"))
    )
    .where(task_states.c.state == _CREATED, task_states.c.open_predecessors == literal_column("0"))
    .order_by(tasks.c.position)
)
HISTORY = Prepared(
    select(
        task_history.c.state,
        task_history.c.attempt,
        task_history.c.at_us,
        task_history.c.changed_by,
        task_history.c.reason,
    )
    .where(task_history.c.task_number == bindparam("of_task"))
    .order_by(task_history.c.line)
)
COMPLETED_OUTPUTS = Prepared(
    select(tasks.c.name, task_states.c.outputs)
    .select_from(tasks)
    .join(task_states, task_states.c.task_number == tasks.c.number)
    .where(tasks.c.dag_number == bindparam("of_dag"), task_states.c.state == _COMPLETED)
    .order_by(tasks.c.position)
)
UNFINISHED = Prepared(
    select(loaded_dags.c.experiment_id)
    .where(loaded_dags.c.open_tasks > literal_column("0"))
    .order_by(loaded_dags.c.number)
)
