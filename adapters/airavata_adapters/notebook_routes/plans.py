"""Plans of experiments, which the SDK keeps on the server.

Source: ``airavata-python-sdk`` 2.2.7, ``airavata_experiments.plan``: the
caller's plan is in the body; answers hold it as text in ``data``.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from airavata_adapters.notebook_routes.request import Answer, Request
from airavata_workload.records.plans import ExperimentPlan


def add(api: Any, request: Request) -> Answer:
    """Keep a new plan."""
    plan = request.json()
    return _told(api.plans.add(request.caller(), str(plan.get("id") or ""), json.dumps(plan)))


def replace(api: Any, request: Request) -> Answer:
    """Keep another plan in place of the one of that id."""
    return _told(api.plans.replace(request.caller(), request.words[0], json.dumps(request.json())))


def get(api: Any, request: Request) -> Answer:
    """A plan of the caller's."""
    return _told(api.plans.get(request.caller(), request.words[0]))


def mine(api: Any, request: Request) -> Answer:
    """All plans of the caller's."""
    return Answer(HTTPStatus.OK, [_form(each) for each in api.plans.mine(request.caller())])


def _told(plan: ExperimentPlan) -> Answer:
    return Answer(HTTPStatus.OK, _form(plan))


def _form(plan: ExperimentPlan) -> dict[str, str]:
    return {"id": plan.plan_id, "gatewayId": plan.gateway_id, "userId": plan.user_name, "data": plan.document}
