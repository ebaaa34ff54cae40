"""What is said of agents: there are none.

Airavata's agents are programs that a job starts on a cluster, and that then
carry out commands sent to them over these routes. The requests name an agent
and carry no token, so whoever knows a name could run commands as its user:
this engine starts none. Told so in these words the SDK does by SFTP, where its
user logs in, what it wanted of the agent.

Source: ``airavata-python-sdk`` 2.2.7, ``AiravataOperator``: ``list_files``,
``upload_files``, ``download_file``, ``cat_file``, ``execute_cmd``, ``execute_py``.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from airavata_adapters.notebook_routes.request import Answer, Request

NO_AGENT = "Agent not found"


def execute(_api: Any, _request: Request) -> Answer:
    """A command, a program or an environment for an agent; also what became of one, of which there is none."""
    return Answer(HTTPStatus.NOT_FOUND, {"error": NO_AGENT, "executionId": None})


def look(_api: Any, request: Request) -> Answer:
    """Whether an agent is up."""
    return Answer(HTTPStatus.OK, {"agentId": request.words[0], "agentUp": False, "error": NO_AGENT})
