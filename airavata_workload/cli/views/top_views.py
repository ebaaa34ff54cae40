"""The services, queues and waiting tasks of an installation, as JSON and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from airavata_workload.cli.views.experiment_views import plain_table
from airavata_workload.cli.views.plain_text import clock_time, plural, printable, utc_time
from airavata_workload.ports.recovery_nodes import Member

_LEADING = ("scheduler", "monitor")


def top_form(members: Sequence[Member], depths: Mapping[str, int], dead_letters: int, partition: str) -> dict[str, Any]:
    """What ``top`` shows.

    services: list of running services, each with service, session, host, pid, started_at, partition, leads, kinds, slots, busy, jobs and health
    queues: list of queues that are not empty, each with queue and messages
    dead_letters: how many messages have been set aside
    waiting: how many tasks wait in the scheduler, or null if none leads
    running: how many tasks are with workers, or null
    reasons: list of what tasks wait for, each with reason and tasks
    resources: list of resources with tasks, each with name, running, limit, waiting and circuit (state, reason, until, failures)
    """  # noqa: E501 - the reference is made from these lines, one a member
    state = _leading_state(members, partition)
    return {
        "services": [_service_form(each) for each in members],
        "queues": [{"queue": name, "messages": depths[name]} for name in sorted(depths)],
        "dead_letters": dead_letters,
        "waiting": state.get("waiting"),
        "running": state.get("running"),
        "reasons": list(state.get("reasons", ())),
        "resources": [_resource_form(each) for each in state.get("resources", ())],
    }


def _leading_state(members: Sequence[Member], partition: str) -> Mapping[str, Any]:
    """What the scheduler that leads tells of itself."""
    for member in members:
        state: Mapping[str, Any] = member.capabilities.get("scheduler", {})
        if state.get("leads") and member.capabilities.get("partition", "") == partition:
            return state
    return {}


def _service_form(member: Member) -> dict[str, Any]:
    told = member.capabilities
    return {
        "service": member.service,
        "session": member.session,
        "host": member.host,
        "pid": member.pid,
        "started_at": utc_time(member.started_at_us),
        "partition": told.get("partition", ""),
        "leads": [role for role in _LEADING if told.get(role, {}).get("leads")],
        "kinds": list(told.get("kinds", ())),
        "slots": told.get("slots"),
        "busy": told.get("busy"),
        "jobs": told.get("monitor", {}).get("jobs"),
        "health": told.get("health"),
    }


def _resource_form(resource: Mapping[str, Any]) -> dict[str, Any]:
    circuit = resource["circuit"]
    return {
        **{name: resource[name] for name in ("name", "running", "limit", "waiting")},
        "circuit": {
            "state": circuit["state"],
            "reason": circuit["reason"],
            "until": utc_time(circuit["until_us"]),
            "failures": circuit["failures"],
        },
    }


def top_view(form: Mapping[str, Any], now_us: int) -> RenderableType:
    """All of it as tables."""
    if not form["services"]:
        return Text("No service runs. Start 'airavata-workload serve', or 'airavata-workload service' for one stage.")
    parts: list[RenderableType] = [_heading(form, now_us), Text(), _services(form["services"])]
    if form["queues"]:
        table = plain_table("QUEUE", "MESSAGES")
        for each in form["queues"]:
            table.add_row(printable(each["queue"]), str(each["messages"]))
        parts += [Text(), table]
    if form["resources"]:
        parts += [Text(), _resources(form["resources"])]
    if form["reasons"]:
        parts += [Text("\nWaiting for", style="bold"), Padding(_reasons(form["reasons"]), (0, 0, 0, 2))]
    return Group(*parts)


def _heading(form: Mapping[str, Any], now_us: int) -> Text:
    said = [plural(len(form["services"]), "service")]
    if form["waiting"] is None:
        said.append("no scheduler leads")
    else:
        said += [f"{plural(form['running'], 'task')} with workers", f"{form['waiting']} waiting"]
    open_circuits = [each["name"] for each in form["resources"] if each["circuit"]["state"] != "closed"]
    text = Text(f"{clock_time(now_us)[:8]}  ", style="dim")
    text.append(", ".join(said), style="bold")
    if open_circuits:
        text.append(f", {', '.join(map(printable, open_circuits))} not answering", style="red")
    if form["dead_letters"]:
        text.append(f", {plural(form['dead_letters'], 'message')} set aside", style="yellow")
    return text


def _services(services: Sequence[Mapping[str, Any]]) -> Table:
    table = plain_table("SERVICE", "WHERE", "SINCE", "LOAD", "KINDS")
    for each in services:
        leads = f" (leads {' and '.join(each['leads'])})" if each["leads"] and each["service"] == "engine" else ""
        leads = leads or (" (leads)" if each["leads"] else "")
        table.add_row(
            Text.assemble((printable(each["service"]), "bold"), (leads, "dim")),
            printable(f"{each['host']}:{each['pid']}"),
            each["started_at"][11:19] + " UTC" if each["started_at"] else "-",
            Text(_load(each)),
            printable(", ".join(each["kinds"])),
        )
    return table


def _load(service: Mapping[str, Any]) -> str:
    said = []
    if service["slots"] is not None:
        said.append(f"{service['busy'] or 0} of {plural(service['slots'], 'slot')}")
    if service["jobs"] is not None and "monitor" in service["leads"]:
        said.append(plural(service["jobs"], "job"))
    return ", ".join(said)


def _resources(resources: Sequence[Mapping[str, Any]]) -> Table:
    table = plain_table("RESOURCE", "RUNNING", "WAITING", "CIRCUIT")
    for each in resources:
        circuit = each["circuit"]
        closed = circuit["state"] == "closed"
        until = f" until {circuit['until'][11:19]} UTC" if circuit["until"] else ""
        text = "closed" if closed else f"{circuit['state']}{until}: {printable(circuit['reason'])}"
        table.add_row(
            Text(printable(each["name"]), style="bold"),
            f"{each['running']} of {each['limit']}",
            str(each["waiting"]),
            Text(text, style="dim" if closed else "red"),
        )
    return table


def _reasons(reasons: Sequence[Mapping[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for each in reasons:
        table.add_row(str(each["tasks"]), Text(printable(each["reason"])))
    return table
