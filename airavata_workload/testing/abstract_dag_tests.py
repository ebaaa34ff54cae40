"""The part of the graph store's suite that is about abstract DAGs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airavata_workload.domain.errors import NotFoundError
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.testing.samples import abstract_dag, unique


class AbstractDagTests:
    """Needs the fixtures ``store`` and ``other``, which ``GraphStoreSuite`` has."""

    def test_each_changed_abstract_dag_gets_the_next_version(self, store: GraphStore) -> None:
        first = abstract_dag(unique("type"), "one")
        second = replace(first, description="changed")
        assert store.save_abstract(first) == first
        assert store.save_abstract(second) == replace(second, version=2)
        assert store.abstract(first.application_type) == replace(second, version=2)
        assert store.abstract(first.application_type, 1) == first

    def test_an_equal_abstract_dag_is_not_stored_again(self, store: GraphStore, other: GraphStore) -> None:
        dag = abstract_dag(unique("type"), "one", "two")
        store.save_abstract(dag)
        assert other.save_abstract(replace(dag, version=9)).version == 1
        assert store.save_abstract(replace(dag, description="new")).version == 2
        assert store.save_abstract(dag).version == 3  # equal to an old one, not to the newest

    def test_an_unknown_type_is_refused_with_the_nearest_known_one(self, store: GraphStore) -> None:
        known = unique("astronomy")
        store.save_abstract(abstract_dag(known, "one"))
        with pytest.raises(NotFoundError, match=known):
            store.abstract(known[:-1])
        with pytest.raises(NotFoundError, match="version 7"):
            store.abstract(known, 7)

    def test_the_newest_version_is_what_any_store_has_saved_last(self, store: GraphStore, other: GraphStore) -> None:
        dag = abstract_dag(unique("type"), "one")
        assert store.newest_version(dag.application_type) == 0
        other.save_abstract(dag)
        assert store.newest_version(dag.application_type) == 1
        other.save_abstract(replace(dag, description="changed"))
        assert store.newest_version(dag.application_type) == 2
        assert store.newest_version(dag.application_type[:-1]) == 0

    def test_abstracts_lists_the_newest_of_each_sorted_by_name(self, store: GraphStore) -> None:
        later, earlier = unique("b"), unique("a")
        store.save_abstract(abstract_dag(later, "one"))
        store.save_abstract(abstract_dag(later, "one", "two"))
        store.save_abstract(abstract_dag(earlier, "one"))
        found = [(dag.application_type, dag.version) for dag in store.abstracts()]
        assert [one for one in found if one[0] in (later, earlier)] == [(earlier, 1), (later, 2)]
