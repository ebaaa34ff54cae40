"""``health``: do the services live, and can they work?"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.invocation import Invocation
from airavata_workload.ports.recovery_nodes import Member

TIMEOUT_S = 5.0
AT_ONCE = 16


def health(
    context: typer.Context,
    url: Annotated[
        str | None,
        typer.Argument(metavar="[URL]", help="Ask this one service only, e.g. http://127.0.0.1:8081; default: all."),
    ] = None,
) -> int:
    """Say whether the services live and can work.

    Exit code 0 if all do, 3 if one does not answer, is not ready, or if there is none.
    """
    invocation: Invocation = context.obj
    answers = [_asked("", url)] if url else _all(invocation)
    invocation.screen.results(answers, lambda: _table(answers))
    return ExitCode.DONE if answers and all(each["ready"] for each in answers) else ExitCode.UNAVAILABLE


def _all(invocation: Invocation) -> list[dict[str, Any]]:
    with invocation.stores() as installation:
        members = [each for each in installation.nodes.members() if "health" in each.capabilities]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(_of_member, members))


def _of_member(member: Member) -> dict[str, Any]:
    return {**_asked(member.service, member.capabilities["health"]), "host": member.host, "pid": member.pid}


def _asked(service: str, url: str) -> dict[str, Any]:
    try:
        live, ready = _got(f"{url}/live"), _got(f"{url}/ready")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return {"service": service, "url": url, "live": False, "ready": False, "troubles": {"health": str(reason)}}
    stuck = dict.fromkeys(ready.get("stuck", ()), "has died or hangs")
    return {
        "service": ready.get("service", service),
        "url": url,
        "live": bool(live.get("live")),
        "ready": bool(ready.get("ready")),
        "troubles": {**stuck, **ready.get("troubles", {})},
        **({"listeners": ready["listeners"]} if "listeners" in ready else {}),
    }


def _got(url: str) -> Mapping[str, Any]:
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url!r} is no URL of a service")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - the scheme is checked above
            content = answer.read()
    except urllib.error.HTTPError as error:
        # 503 has the same kind of body: it says what is wrong.
        content = error.read()
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError(f"{url} answers with something else than a service's health")  # noqa: TRY004 - as for bad JSON
    return found


def _table(answers: list[dict[str, Any]]) -> Table | Text:
    if not answers:
        return Text("No service runs. Start 'airavata-workload serve', or 'airavata-workload service' for one stage.")
    table = Table(box=None, pad_edge=False)
    for heading in ("service", "live", "ready", "url", "trouble"):
        table.add_column(heading)
    for each in answers:
        troubles = "; ".join(f"{stage}: {said}" for stage, said in each["troubles"].items())
        table.add_row(each["service"], _word(each["live"]), _word(each["ready"]), each["url"], Text(troubles))
        for name, address in each.get("listeners", {}).items():
            table.add_row("", "", "", Text(f"{address} ({name})"), "")
    return table


def _word(good: bool) -> Text:
    return Text("yes", style="green") if good else Text("no", style="bold red")
