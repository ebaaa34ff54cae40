"""The Cypher of the graph store. Nothing is ever written into these texts: all values are parameters.

Labels and relationship types that depend on data are parameters too
(Source: Neo4j Cypher Manual 5.26, "Dynamic labels and types"), so that a
statement is planned once.

Nodes: ``ApplicationType`` (one a type; ``newest`` is its newest version),
``AbstractDag`` (one a version) and ``AbstractTask``; ``LoadedDag`` (one an
experiment, with the counts of its tasks) and ``Task``. ``StoreWriter`` says
which transaction of a writer was the last, ``TypeBudget`` how many
relationship types are in use.

A statement that writes takes ``$rows`` and returns at most one row for each,
with the ``place`` of its input. Rows are worked on in order, and each sees
what those before it have done (Source: Cypher Manual 5.26, "CALL
subqueries").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that writes."""

    text: LiteralString


_FRAME: LiteralString = """
MERGE (writer:StoreWriter {writer_id: $writer_id})
SET writer.batch = $batch, writer.at_us = $at_us
WITH count(*) AS marked
CALL () {
  UNWIND $task_ids AS task_id
  MATCH (task:Task {task_id: task_id})
  WITH collect(DISTINCT task.experiment_id) + $experiment_ids AS experiment_ids
  UNWIND experiment_ids AS experiment_id
  WITH DISTINCT experiment_id ORDER BY experiment_id
  MATCH (dag:LoadedDag {experiment_id: experiment_id})
  SET dag.locked_by = $writer_id
}
WITH count(*) AS locked
UNWIND $rows AS row
WITH row ORDER BY row.place
"""
"""How every statement that writes begins: the mark of the transaction, then the locks.

Setting a property takes a write lock, and what is read afterwards cannot
change until the transaction ends (Source: Neo4j Operations Manual 5,
"Concurrent data access"). All locks are on the nodes of the experiments and
taken in the order of their ids, so that two writers never wait for each other.
"""

COMMITTED: LiteralString = """
MERGE (writer:StoreWriter {writer_id: $writer_id})
SET writer.at_us = $at_us
RETURN writer.batch AS batch
"""
"""Which transaction of this writer was the last. The lock makes it wait for one whose end is still open."""

FORGET_WRITERS: LiteralString = """
MATCH (writer:StoreWriter)
WHERE writer.writer_id = $writer_id OR writer.at_us < $before_us
DELETE writer
"""

# -- abstract DAGs ---------------------------------------------------------------------------------------
SAVE_ABSTRACT = Statement(
    _FRAME
    + """
CALL (row) {
  MERGE (type:ApplicationType {application_type: row.application_type})
  SET type.locked_by = $writer_id
  WITH type
  WITH type, coalesce(type.newest, 0) AS newest, coalesce(type.digest, '') = row.digest AS same
  CALL (row, type, newest, same) {
    WITH type WHERE NOT same
    SET type.newest = newest + 1, type.digest = row.digest, type.relationship_type = row.relationship_type
    CREATE (:AbstractDag {
      application_type: row.application_type, version: newest + 1, description: row.description
    })
    WITH type
    UNWIND row.nodes AS node
    CREATE (task:AbstractTask:$(node.label))
    SET task = node.properties, task.application_type = row.application_type, task.version = newest + 1
    WITH collect(task) AS tasks WHERE size(tasks) > 0
    UNWIND row.edges AS edge
    WITH tasks[edge[0]] AS before, tasks[edge[1]] AS after
    CREATE (before)-[:$(row.relationship_type) {
      application_type: row.application_type, version: newest + 1
    }]->(after)
  }
  RETURN CASE WHEN same THEN newest ELSE newest + 1 END AS version
}
RETURN row.place AS place, version
"""
)
ABSTRACT: LiteralString = """
MATCH (type:ApplicationType {application_type: $application_type})
MATCH (dag:AbstractDag {application_type: $application_type, version: coalesce($version, type.newest)})
RETURN dag.application_type AS application_type, dag.version AS version, dag.description AS description,
  COLLECT {
    MATCH (task:AbstractTask {application_type: dag.application_type, version: dag.version})
    RETURN task.definition ORDER BY task.position
  } AS definitions
"""
ABSTRACTS: LiteralString = """
MATCH (type:ApplicationType)
MATCH (dag:AbstractDag {application_type: type.application_type, version: type.newest})
RETURN dag.application_type AS application_type, dag.version AS version, dag.description AS description,
  COLLECT {
    MATCH (task:AbstractTask {application_type: dag.application_type, version: dag.version})
    RETURN task.definition ORDER BY task.position
  } AS definitions
ORDER BY application_type
"""
NEWEST_VERSIONS: LiteralString = """
MATCH (type:ApplicationType)
RETURN type.application_type AS application_type, type.newest AS version
"""
KNOWN_TYPE: LiteralString = """
MATCH (type:ApplicationType {application_type: $application_type})
RETURN type.relationship_type AS relationship_type, type.newest AS newest
"""

# -- making and removing loaded DAGs ---------------------------------------------------------------------
_MAKE_TASKS: LiteralString = """
    UNWIND row.tasks AS new
    CREATE (task:Task:$(new.label))
    SET task = new.properties
    WITH collect(task) AS tasks WHERE size(tasks) > 0
    UNWIND row.edges AS edge
    WITH tasks[edge[0]] AS before, tasks[edge[1]] AS after
"""
CREATE_LOADED = Statement(
    _FRAME
    + """
CALL (row) {
  OPTIONAL MATCH (type:ApplicationType {application_type: row.newest_of})
  WITH type WHERE row.newest_of IS NULL OR type.newest = row.dag.dag_version
  MERGE (dag:LoadedDag {experiment_id: row.dag.experiment_id})
  WITH dag, dag.open_tasks IS NULL AS created
  CALL (row, dag, created) {
    WITH dag WHERE created
    SET dag += row.dag
    WITH dag
"""
    + _MAKE_TASKS
    + """
    CREATE (before)-[:$(row.dag.relationship_type) {experiment_id: row.dag.experiment_id}]->(after)
  }
  RETURN created
}
RETURN row.place AS place, created
"""
)
REPLACE_LOADED = Statement(
    _FRAME
    + """
CALL (row) {
  MATCH (dag:LoadedDag {experiment_id: row.dag.experiment_id})
  WITH dag, dag.relationship_type AS relationship_type WHERE dag.open_tasks = 0
  SET dag += row.dag
  WITH relationship_type
  CALL (row) {
    MATCH (old:Task {experiment_id: row.dag.experiment_id})
    DETACH DELETE old
  }
  CALL (row, relationship_type) {
"""
    + _MAKE_TASKS
    + """
    CREATE (before)-[:$(relationship_type) {experiment_id: row.dag.experiment_id}]->(after)
  }
  RETURN true AS replaced
}
RETURN row.place AS place, replaced
"""
)
DELETE_LOADED = Statement(
    _FRAME
    + """
CALL (row) {
  MATCH (task:Task {experiment_id: row.experiment_id})
  DETACH DELETE task
}
CALL (row) {
  MATCH (dag:LoadedDag {experiment_id: row.experiment_id})
  DELETE dag
}
RETURN row.place AS place
"""
)

# -- changing tasks --------------------------------------------------------------------------------------
APPLY = Statement(
    _FRAME
    + """
CALL (row) {
  MATCH (task:Task {task_id: row.task_id})
  MATCH (dag:LoadedDag {experiment_id: task.experiment_id})
  WITH task, dag, task.state = row.expected AND task.attempt = row.attempt AS accepted
  CALL (row, task, dag, accepted) {
    WITH task, dag WHERE accepted
    SET task += row.changes,
        task.history = task.history + row.line,
        dag.open_tasks = dag.open_tasks + row.opened,
        dag.unsuccessful_tasks = dag.unsuccessful_tasks + row.failed
    WITH task WHERE row.opened <> 0 OR row.failed <> 0
    MATCH (task)-->(successor:Task)
    SET successor.open_predecessors = successor.open_predecessors + row.opened,
        successor.unsuccessful_predecessors = successor.unsuccessful_predecessors + row.failed
  }
  WITH task, dag, accepted,
    CASE WHEN task.state IN ['COMPLETED', 'FAILED', 'CANCELED'] THEN COLLECT {
      MATCH (task)-->(successor:Task)
      WHERE successor.state = 'CREATED' AND successor.open_predecessors = 0
      RETURN properties(successor) ORDER BY successor.position
    } ELSE [] END AS unblocked
  RETURN accepted, unblocked, properties(task) AS task_now,
    dag.open_tasks AS open_tasks, dag.unsuccessful_tasks AS unsuccessful_tasks,
    CASE WHEN size(unblocked) > 0 THEN COLLECT {
      MATCH (done:Task {experiment_id: dag.experiment_id})
      USING INDEX done:Task(experiment_id)
      WHERE done.state = 'COMPLETED'
      RETURN [done.name, done.outputs] ORDER BY done.position
    } ELSE [] END AS outputs
}
RETURN row.place AS place, accepted, task_now AS task, unblocked, outputs, open_tasks, unsuccessful_tasks
"""
)
"""``unblocked`` is asked of the stored state, so that a repeated transition gets the same answer as the first."""

RECORD_INTENT = Statement(
    _FRAME
    + """
CALL (row) {
  MATCH (task:Task {task_id: row.task_id})
  WHERE task.state = 'EXECUTING' AND task.attempt = row.attempt
  SET task.intent = row.intent
  RETURN true AS recorded
}
RETURN row.place AS place, recorded
"""
)
NOTE_WAITING = Statement(
    _FRAME
    + """
CALL (row) {
  MATCH (task:Task {task_id: row.task_id})
  WHERE task.state IN ['CREATED', 'EXECUTING'] AND task.waiting_for <> row.note
  SET task.waiting_for = row.note
}
RETURN row.place AS place
"""
)
SETTLE_JOB = Statement(
    _FRAME
    + """
CALL (row) {
  MATCH (task:Task {task_id: row.task_id})
  WHERE task.state = 'COMPLETED'
  SET task.job = row.job
}
RETURN row.place AS place
"""
)
IN_ORDER = (SAVE_ABSTRACT, CREATE_LOADED, REPLACE_LOADED, APPLY, RECORD_INTENT, NOTE_WAITING, SETTLE_JOB, DELETE_LOADED)
"""In which order the statements of one transaction run; those who share one have no order among themselves."""

# -- reading ---------------------------------------------------------------------------------------------
TASK_BY_ID: LiteralString = """
MATCH (task:Task {task_id: $task_id})
RETURN properties(task) AS task
"""
TASKS_OF_EXPERIMENT: LiteralString = """
MATCH (task:Task {experiment_id: $experiment_id})
USING INDEX task:Task(experiment_id)
RETURN properties(task) AS task ORDER BY task.position
"""
LOADED_DAGS: LiteralString = """
UNWIND range(0, size($experiment_ids) - 1) AS place
MATCH (dag:LoadedDag {experiment_id: $experiment_ids[place]})
RETURN dag.experiment_id AS experiment_id, dag.application_type AS application_type, dag.dag_version AS dag_version,
  COLLECT {
    MATCH (task:Task {experiment_id: dag.experiment_id})
    USING INDEX task:Task(experiment_id)
    RETURN properties(task) ORDER BY task.position
  } AS tasks
ORDER BY place
"""
COMPLETED_OUTPUTS: LiteralString = """
MATCH (task:Task {experiment_id: $experiment_id})
USING INDEX task:Task(experiment_id)
WHERE task.state = 'COMPLETED'
RETURN task.name AS name, task.outputs AS outputs ORDER BY task.position
"""
PARKED_TASKS: LiteralString = """
UNWIND range(0, size($experiment_ids) - 1) AS place
MATCH (task:Task {experiment_id: $experiment_ids[place]})
USING INDEX task:Task(experiment_id)
WHERE task.state = 'EXECUTING' AND task.job IS NOT NULL
RETURN properties(task) AS task ORDER BY place, task.position
"""
EXECUTING_TASKS: LiteralString = """
MATCH (task:Task {state: 'EXECUTING'})
USING INDEX task:Task(state)
RETURN properties(task) AS task ORDER BY task.experiment_id, task.position
"""
UNFINISHED: LiteralString = """
MATCH (dag:LoadedDag)
USING INDEX dag:LoadedDag(open_tasks)
WHERE dag.open_tasks > 0
RETURN dag.experiment_id AS experiment_id ORDER BY dag.made_at_us, experiment_id
"""

# -- relationship types ----------------------------------------------------------------------------------
RESERVE_TYPES: LiteralString = """
MERGE (budget:TypeBudget {name: 'relationship types'})
SET budget.locked_by = $writer_id
WITH budget
WITH budget, coalesce(budget.used, COUNT { CALL db.relationshipTypes() YIELD relationshipType RETURN 1 }) AS used
WITH budget, used, CASE WHEN $limit - used > $wanted THEN $wanted WHEN $limit > used THEN $limit - used ELSE 0 END
  AS granted
SET budget.used = used + granted
RETURN granted
"""
RETURN_TYPES: LiteralString = """
MATCH (budget:TypeBudget {name: 'relationship types'})
SET budget.used = budget.used - $unused
"""
