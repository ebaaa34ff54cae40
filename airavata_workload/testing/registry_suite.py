"""What every registry must do. Subclass it and give the fixture ``open_registry``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airavata_workload.domain.change import Subject
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import ExperimentState, JobState, ProcessState, may_follow
from airavata_workload.ports.registry import ExperimentFilter, ExperimentRecord, Registry
from airavata_workload.testing.registry_lookup_tests import RegistryLookupTests
from airavata_workload.testing.samples import AWKWARD, change, experiment, job, job_record, unique

OpenRegistry = Callable[[], Registry]
EXPERIMENT, PROCESS, TASK = Subject.EXPERIMENT, Subject.PROCESS, Subject.TASK


STATES_AND_INSTANTS = st.lists(st.tuples(st.sampled_from(ExperimentState), st.integers(0, 3)), max_size=12, unique=True)


def folded(
    state: ExperimentState, states: list[tuple[ExperimentState, int]], seen: set[tuple[ExperimentState, int]]
) -> tuple[list[bool], ExperimentState]:
    """What ``record`` answers to these changes of an experiment, and the state that they lead to.

    ``seen`` are those that were written before; it grows.
    """
    answers: list[bool] = []
    for pair in states:
        answers.append(pair not in seen and may_follow(state, pair[0]))
        if answers[-1]:
            state = pair[0]
            seen.add(pair)
    return answers, state


class RegistrySuite(RegistryLookupTests):
    """Needs a fixture ``open_registry``: each call opens the same storage once more; the suite closes it."""

    @pytest.fixture
    def registry(self, open_registry: OpenRegistry) -> Iterator[Registry]:
        """The registry under test."""
        registry = open_registry()
        yield registry
        registry.close()

    @pytest.fixture
    def other(self, open_registry: OpenRegistry) -> Iterator[Registry]:
        """The same registry as another process would see it."""
        registry = open_registry()
        yield registry
        registry.close()

    @pytest.fixture
    def stored(self, registry: Registry) -> Experiment:
        """An experiment that has been stored."""
        one = experiment()
        registry.create_experiments([one])
        return one

    # -- experiments -------------------------------------------------------------
    def test_an_experiment_is_read_back_as_stored(self, registry: Registry, other: Registry) -> None:
        one = experiment(held=True, state=ExperimentState.VALIDATED, reason=AWKWARD, user_message=AWKWARD)
        registry.create_experiments([one])
        registry.create_experiments([])
        assert other.experiment(one.experiment_id) == one

    def test_an_existing_experiment_is_left_as_it_is(self, registry: Registry, stored: Experiment) -> None:
        fresh = experiment()
        registry.create_experiments([replace(stored, name="other"), fresh, replace(fresh, name="again")])
        assert registry.experiment(stored.experiment_id) == stored
        assert registry.experiment(fresh.experiment_id) == fresh

    def test_the_newest_come_first_in_pages(self, registry: Registry) -> None:
        portal = unique("portal")
        made = [experiment(gateway=portal, created_at_us=number // 2) for number in range(6)]
        registry.create_experiments(made)
        which = ExperimentFilter(gateway=portal)
        assert registry.experiments(which) == made[::-1]
        assert registry.experiments(which, limit=2, offset=1) == made[::-1][1:3]
        assert registry.experiments(which, offset=6) == []

    @pytest.mark.parametrize(
        "which",
        [
            ExperimentFilter(state=ExperimentState.FAILED),
            ExperimentFilter(application_type="WANTED"),
            ExperimentFilter(compute_resource="wanted"),
            ExperimentFilter(user="wanted"),
            ExperimentFilter(name_contains="wan"),
            ExperimentFilter(held=True),
        ],
    )
    def test_each_filter_alone(self, registry: Registry, which: ExperimentFilter) -> None:
        portal = unique("portal")
        wanted = experiment(
            gateway=portal,
            state=ExperimentState.FAILED,
            application_type="WANTED",
            compute_resource="wanted",
            user="wanted",
            name="most wanted",
            held=True,
        )
        registry.create_experiments([wanted, experiment(gateway=portal, name="plain")])
        of_portal = replace(which, gateway=portal)
        assert registry.experiments(of_portal) == [wanted]
        assert registry.count(of_portal) == 1
        assert registry.count(ExperimentFilter(gateway=portal)) == 2
        assert registry.experiments(replace(of_portal, held=False, user="nobody")) == []

    @pytest.mark.parametrize("text", ["%", "_", "\\", "/", "it's", "100%_\\/"])
    def test_what_looks_like_a_wildcard_stands_for_itself(self, registry: Registry, text: str) -> None:
        portal = unique("portal")
        wanted = experiment(gateway=portal, name=f"a{text}b")
        registry.create_experiments([wanted, experiment(gateway=portal, name="axxxxxxxb")])
        assert registry.experiments(ExperimentFilter(gateway=portal, name_contains=text)) == [wanted]

    def test_held_is_set_and_taken_back(self, registry: Registry, stored: Experiment) -> None:
        registry.set_held(stored.experiment_id, True)
        assert registry.experiment(stored.experiment_id).held
        registry.set_held(stored.experiment_id, False)
        registry.set_held(stored.experiment_id, False)
        assert not registry.experiment(stored.experiment_id).held

    def test_an_experiment_is_placed_once(self, registry: Registry) -> None:
        somewhere, anywhere = experiment(), experiment(compute_resource="", candidates=("alpha", "beta"))
        registry.create_experiments([somewhere, anywhere])
        assert registry.place(somewhere.experiment_id, "alpha") == somewhere.compute_resource
        assert registry.place(anywhere.experiment_id, "alpha") == "alpha"
        assert registry.place(anywhere.experiment_id, "beta") == "alpha", "the second one learns of the first"
        assert registry.experiment(anywhere.experiment_id) == replace(anywhere, compute_resource="alpha")
        assert anywhere.experiment_id in {
            each.experiment_id for each in registry.experiments(ExperimentFilter(compute_resource="alpha"))
        }
        with pytest.raises(NotFoundError):
            registry.place("no such experiment", "alpha")

    def test_statistics_count_experiments_by_state(self, registry: Registry, stored: Experiment) -> None:
        before = dict(registry.statistics())
        registry.create_experiments([experiment(state=ExperimentState.FAILED), experiment()])
        after = registry.statistics()
        assert after["FAILED"] == before.get("FAILED", 0) + 1
        assert after["CREATED"] == before["CREATED"] + 1

    # -- what comes from another registry ------------------------------------------
    def test_a_restored_experiment_is_as_it_was(self, registry: Registry, other: Registry) -> None:
        # A person has tried it again: replayed, its first change would follow its present state.
        one = experiment(state=ExperimentState.FAILED, process_state=ProcessState.FAILED, held=True, reason=AWKWARD)
        states = ["LAUNCHED", "EXECUTING", "FAILED", "LAUNCHED", "EXECUTING"]
        changes = [change(one, EXPERIMENT, state, at_us=place) for place, state in enumerate(states)]
        jobs = [job_record(one.experiment_id, state=state) for state in (JobState.COMPLETE, JobState.ACTIVE)]
        record = ExperimentRecord(experiment=one, changes=changes, jobs=jobs)
        assert registry.restore([record]) == [True]
        assert other.experiment(one.experiment_id) == one
        assert other.audit_trail(one.experiment_id) == changes
        assert other.jobs(one.experiment_id) == jobs
        assert registry.restore([]) == []

    def test_a_restored_experiment_does_not_replace_one_that_is_there(
        self, registry: Registry, other: Registry, stored: Experiment
    ) -> None:
        fresh = experiment()
        again = replace(stored, state=ExperimentState.FAILED)
        records = [
            ExperimentRecord(experiment=one, changes=[change(one, EXPERIMENT, "LAUNCHED")]) for one in (again, fresh)
        ]
        assert other.restore(records) == [False, True]
        assert other.restore(records) == [False, False]
        assert registry.experiment(stored.experiment_id) == stored
        assert registry.audit_trail(stored.experiment_id) == []
        assert len(registry.audit_trail(fresh.experiment_id)) == 1

    # -- audit trail -------------------------------------------------------------
    def test_changes_are_read_back_in_order_of_time(self, registry: Registry, stored: Experiment) -> None:
        changes = [
            change(stored, EXPERIMENT, "LAUNCHED", at_us=20),
            change(stored, TASK, "CREATED", subject_id="TASK_1", at_us=30, attempt=2, detail={"x": [AWKWARD]}),
            change(stored, PROCESS, "STARTED", at_us=10),
            change(stored, Subject.JOB, "QUEUED", subject_id="job", at_us=40),
        ]
        registry.record([*changes, change(experiment(), TASK, "CREATED")])
        assert registry.audit_trail(stored.experiment_id) == [changes[2], changes[0], changes[1], changes[3]]
        assert registry.audit_trail("no such experiment") == []

    def test_recording_sets_the_present_states(self, registry: Registry, other: Registry, stored: Experiment) -> None:
        at_us = stored.updated_at_us + 5
        launched = change(stored, EXPERIMENT, "LAUNCHED", at_us=at_us, reason="go", user_message="started")
        started = change(stored, PROCESS, "STARTED", at_us=at_us + 1)
        assert registry.record([launched, started]) == [True, True]
        assert registry.record([]) == []
        found = other.experiment(stored.experiment_id)
        assert (found.state, found.process_state) == (ExperimentState.LAUNCHED, ProcessState.STARTED)
        assert (found.reason, found.user_message, found.updated_at_us) == ("go", "started", at_us + 1)

    def test_what_need_not_be_durable_at_once_is_so_with_the_next_write(
        self, registry: Registry, other: Registry, stored: Experiment
    ) -> None:
        task = change(stored, TASK, "CREATED", subject_id="TASK_1", at_us=1)
        launched = change(stored, EXPERIMENT, "LAUNCHED", at_us=2)
        assert registry.record([task], durable=False) == [True]
        assert registry.record([task], durable=False) == [False]
        assert registry.record([launched]) == [True]
        assert other.audit_trail(stored.experiment_id) == [task, launched]

    def test_writing_twice_writes_once(self, registry: Registry, other: Registry, stored: Experiment) -> None:
        launched = change(stored, EXPERIMENT, "LAUNCHED")
        task = change(stored, TASK, "CREATED", subject_id="TASK_1")
        assert registry.record([launched, task, launched]) == [True, True, False]
        assert other.record([task, launched]) == [False, False]
        assert len(registry.audit_trail(stored.experiment_id)) == 2

    def test_what_the_audit_trail_lacks_is_told(self, registry: Registry, other: Registry, stored: Experiment) -> None:
        recorded = [change(stored, TASK, "CREATED", subject_id="TASK_1"), change(stored, EXPERIMENT, "LAUNCHED")]
        # At the same instant, and different in one part each.
        lacking = [replace(recorded[0], attempt=2), replace(recorded[0], state="EXECUTING")]
        registry.record(recorded)
        assert other.unrecorded([lacking[0], *recorded, lacking[1]]) == lacking
        assert other.unrecorded(recorded) == other.unrecorded([]) == []

    def test_changes_that_differ_in_one_part_of_their_identity_are_different(
        self, registry: Registry, stored: Experiment
    ) -> None:
        one = change(stored, TASK, "CREATED", subject_id="TASK_1", at_us=5)
        others = [
            replace(one, subject=Subject.JOB),
            replace(one, subject_id="TASK_2"),
            replace(one, state="EXECUTING"),
            replace(one, attempt=2),
            replace(one, at_us=6),
        ]
        assert registry.record([one]) == [True]
        assert registry.record([replace(one, reason="other", by="other"), *others]) == [False] + [True] * 5

    def test_a_late_change_leaves_the_present_state(self, registry: Registry, stored: Experiment) -> None:
        start, end = stored.updated_at_us + 50, stored.updated_at_us + 100
        begun = [change(stored, EXPERIMENT, "LAUNCHED", at_us=start), change(stored, PROCESS, "STARTED", at_us=start)]
        assert registry.record(begun) == [True, True]
        registry.record([change(stored, EXPERIMENT, "COMPLETED", at_us=end, reason="done")])
        registry.record([change(stored, PROCESS, "COMPLETED", at_us=end)])
        late = [
            change(stored, EXPERIMENT, "EXECUTING", reason="late", at_us=end - 1),
            change(stored, PROCESS, "EXECUTING", at_us=end - 1),
        ]
        assert registry.record(late) == [False, False]
        found = registry.experiment(stored.experiment_id)
        assert (found.state, found.process_state) == (ExperimentState.COMPLETED, ProcessState.COMPLETED)
        assert (found.reason, found.updated_at_us) == ("done", end)
        assert "late" not in {each.reason for each in registry.audit_trail(stored.experiment_id)}

    def test_an_experiment_that_has_ended_begins_again_only_with_a_new_process(
        self, registry: Registry, stored: Experiment
    ) -> None:
        at_us = stored.updated_at_us
        registry.record([change(stored, PROCESS, "CANCELED", at_us=at_us + 1)])
        registry.record([change(stored, EXPERIMENT, "CANCELED", at_us=at_us + 1)])
        launched = change(stored, EXPERIMENT, "LAUNCHED", at_us=at_us + 2)
        assert registry.record([launched, change(stored, PROCESS, "STARTED", at_us=at_us + 2)]) == [False, False]
        assert registry.experiment(stored.experiment_id).state is ExperimentState.CANCELED
        registry.start_process(stored.experiment_id, unique("process"))
        assert registry.record([launched]) == [True]
        assert registry.experiment(stored.experiment_id).state is ExperimentState.LAUNCHED

    def test_changes_of_tasks_move_no_present_state(self, registry: Registry, stored: Experiment) -> None:
        assert registry.record([change(stored, TASK, "COMPLETED", subject_id="TASK_1")]) == [True]
        assert registry.experiment(stored.experiment_id) == stored

    def test_changes_without_a_stored_experiment_are_kept(self, registry: Registry) -> None:
        nowhere = experiment()
        launched = change(nowhere, EXPERIMENT, "LAUNCHED")
        assert registry.record([launched]) == [True]
        assert registry.audit_trail(nowhere.experiment_id) == [launched]

    def test_a_new_process_becomes_the_present_one(self, registry: Registry, stored: Experiment) -> None:
        registry.record([change(stored, PROCESS, "STARTED"), change(stored, PROCESS, "FAILED")])
        registry.start_process(stored.experiment_id, "PROCESS_new")
        found = registry.experiment(stored.experiment_id)
        assert (found.process_id, found.process_state) == ("PROCESS_new", ProcessState.CREATED)
        assert len(registry.audit_trail(stored.experiment_id)) == 2
        of_old_one = change(stored, PROCESS, "STARTED", at_us=7)
        of_new_one = change(stored, PROCESS, "STARTED", subject_id="PROCESS_new")
        assert registry.record([of_old_one, of_new_one]) == [False, True]
        registry.start_process(stored.experiment_id, "PROCESS_new")
        assert registry.experiment(stored.experiment_id).process_state is ProcessState.STARTED

    @pytest.mark.parametrize("state", ["CANCELED", "FAILED"])
    def test_an_ended_experiment_may_be_launched_again(
        self, registry: Registry, stored: Experiment, state: str
    ) -> None:
        answers = registry.record(
            [change(stored, EXPERIMENT, name, at_us=at) for at, name in enumerate(["LAUNCHED", state, "LAUNCHED"])]
        )
        assert answers == [True] * 3
        assert registry.experiment(stored.experiment_id).state is ExperimentState.LAUNCHED

    def test_the_present_state_is_what_the_state_machine_allows(self, registry: Registry) -> None:
        @settings(max_examples=40, deadline=None)
        @given(states=STATES_AND_INSTANTS, cut=st.integers(0, 12))
        def check(states: list[tuple[ExperimentState, int]], cut: int) -> None:
            one = experiment()
            registry.create_experiments([one])
            changes = [change(one, EXPERIMENT, state, at_us=at) for state, at in states]
            written: set[tuple[ExperimentState, int]] = set()
            end = one.state
            for _ in range(2):
                answers, end = folded(end, states, written)
                assert registry.record(changes[:cut]) + registry.record(changes[cut:]) == answers
                assert registry.experiment(one.experiment_id).state is end
            assert len(registry.audit_trail(one.experiment_id)) == len(written)

        check()

    def test_of_many_equal_changes_one_is_new(self, registry: Registry, other: Registry, stored: Experiment) -> None:
        launched = change(stored, EXPERIMENT, "LAUNCHED")

        def write(number: int) -> list[bool]:
            return (registry if number % 2 else other).record([launched])

        with ThreadPoolExecutor(6) as threads:
            assert sorted(threads.map(write, range(6))) == [[False]] * 5 + [[True]]

    def test_many_changes_at_once(self, registry: Registry, stored: Experiment) -> None:
        task = unique("TASK")
        changes = [change(stored, TASK, "CREATED", subject_id=f"{task}_{n}", at_us=n) for n in range(1200)]
        assert all(registry.record(changes))
        assert not any(registry.record(changes))
        assert registry.audit_trail(stored.experiment_id) == changes

    # -- jobs --------------------------------------------------------------------
    def test_jobs_are_read_back_in_order_of_submission(self, registry: Registry, stored: Experiment) -> None:
        late = job_record(stored.experiment_id, job=replace(job(), submitted_at_us=9))
        early = job_record(stored.experiment_id, job=replace(job(), submitted_at_us=3), exit_code=-9)
        registry.save_jobs([late, early, job_record("another experiment")])
        registry.save_jobs([])
        assert registry.jobs(stored.experiment_id) == [early, late]
        assert registry.jobs("no such experiment") == []

    def test_a_job_that_is_known_is_updated(self, registry: Registry, stored: Experiment) -> None:
        first = job_record(stored.experiment_id)
        last = replace(first, state=JobState.COMPLETE, exit_code=0, native_state="COMPLETED", updated_at_us=99)
        registry.save_jobs([first, replace(first, state=JobState.QUEUED)])
        registry.save_jobs([last])
        assert registry.jobs(stored.experiment_id) == [last]

    def test_a_late_report_leaves_an_ended_job(self, registry: Registry, stored: Experiment) -> None:
        ended = job_record(stored.experiment_id, state=JobState.FAILED, exit_code=1)
        registry.save_jobs([ended])
        registry.save_jobs([replace(ended, state=JobState.ACTIVE, exit_code=None)])
        assert registry.jobs(stored.experiment_id) == [ended]

    def test_jobs_are_known_by_cluster_job_id_and_task(self, registry: Registry, stored: Experiment) -> None:
        one = job_record(stored.experiment_id)
        elsewhere = replace(one, job=replace(one.job, cluster="elsewhere"))
        of_other_task = replace(one, task_id="TASK_other")
        registry.save_jobs([one, elsewhere, of_other_task])
        registry.save_jobs([one])
        assert registry.jobs(stored.experiment_id) == [one, elsewhere, of_other_task]
