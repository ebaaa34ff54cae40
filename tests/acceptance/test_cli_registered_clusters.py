"""What one process registers, the command line in another sees as a cluster."""

from __future__ import annotations

from typing import Any

from catalogue_site import catalogue_site

from airavata_workload.api.machines.cluster_name import ClusterName


def test_a_registered_cluster_is_shown_by_its_name(command_line: Any) -> None:
    command_line.home.mkdir(exist_ok=True)
    with catalogue_site(command_line.home) as site:
        alpha = site.alpha()
        site.profile(alpha)
        name = str(ClusterName(resource=alpha, gateway="chemistry"))
        assert command_line.json("clusters", "show", name)["user"] == "svc"
        assert "user 'ada'" in command_line.error("clusters", "show", f"{name}..user-ada", code=4)["message"]
