"""The embedded recovery nodes fulfil their port; only one takes a node over, however close the others are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from airavata_adapters.recovery_nodes.embedded import open_recovery_nodes
from airavata_adapters.recovery_nodes.lead_files import LeadFiles
from airavata_adapters.sqlite.sessions import Sessions
from airavata_adapters.task_queues.embedded import open_task_queue
from airavata_workload.domain.errors import InputError, StoreUnavailableError
from airavata_workload.domain.identifiers import session_id
from airavata_workload.ports.backing import BackingContext
from airavata_workload.testing.recovery_nodes_suite import OpenNodes, RecoveryNodesSuite

LEAD = """
import sys
from pathlib import Path
from airavata_adapters.recovery_nodes.lead_files import LeadFiles
leads = LeadFiles(Path(sys.argv[1]))
print(leads.lead("scheduler"), flush=True)
sys.stdin.read()
"""


class TestEmbeddedRecoveryNodes(RecoveryNodesSuite):
    @pytest.fixture
    def open_nodes(self, tmp_path: Path) -> OpenNodes:
        return lambda: open_recovery_nodes(BackingContext(home=tmp_path, session=session_id("engine")))


def test_who_is_overtaken_between_looking_and_claiming_does_not_get_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, slow, quick = (
        open_recovery_nodes(BackingContext(home=tmp_path, session=name)) for name in ("gone", "slow", "quick")
    )
    gone.create("experiment-1")
    gone.close()
    alive = Sessions.alive
    overtaken: list[bool] = []

    def overtake(self: Sessions, session: str) -> bool:
        found = alive(self, session)
        if not overtaken:
            overtaken.append(True)
            assert quick.claim("experiment-1")
        return found

    monkeypatch.setattr(Sessions, "alive", overtake)
    assert not slow.claim("experiment-1")
    assert [node.owner for node in slow.nodes()] == ["quick"]
    slow.close()
    quick.close()


def test_nodes_end_their_ownership_although_another_port_keeps_the_session_alive(tmp_path: Path) -> None:
    context = BackingContext(home=tmp_path, session="engine-1")
    queue, nodes = open_task_queue(context), open_recovery_nodes(context)
    nodes.join("engine", {})
    nodes.create("experiment-1")
    nodes.close()
    other = open_recovery_nodes(BackingContext(home=tmp_path, session="engine-2"))
    assert [node.owner_alive for node in other.nodes()] == [False]
    assert other.members() == []
    assert other.claim("experiment-1")
    other.close()
    queue.close()


def test_a_killed_process_leads_no_more(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", LEAD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "True\n"
    leads = LeadFiles(tmp_path)
    assert not leads.lead("scheduler")
    child.kill()
    child.communicate(timeout=30)
    assert leads.lead("scheduler")
    leads.close()


def test_nobody_leads_after_the_close(tmp_path: Path) -> None:
    leads = LeadFiles(tmp_path)
    assert leads.lead("scheduler")
    leads.close()
    leads.resign("scheduler")
    with pytest.raises(StoreUnavailableError, match="closed"):
        leads.lead("scheduler")


@pytest.mark.parametrize("role", ["", "x" * 201, "\u00fc" * 50])
def test_a_role_that_cannot_name_a_file_is_refused(tmp_path: Path, role: str) -> None:
    with pytest.raises(InputError, match="cannot name a role"):
        LeadFiles(tmp_path).lead(role)
