"""Identifiers, in the forms that Airavata's clients expect.

Source: Apache Airavata 0.17, experiment catalogue and ``AiravataUtils``:
an experiment is its name with white space and dots replaced, then a UUID;
processes and tasks carry a prefix.
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


def experiment_id(name: str) -> str:
    """A new experiment id ``<name>_<uuid>``; safe as a file name and as a routing-key word."""
    # no dash at the front either: a command line would take the id for an option
    plain = _NOT_PLAIN.sub("_", name).strip("_-")[:80]
    return f"{plain or 'experiment'}_{uuid.uuid4()}"


def process_id() -> str:
    """A new process id ``PROCESS_<uuid>``."""
    return f"PROCESS_{uuid.uuid4()}"


def task_id() -> str:
    """A new task id ``TASK_<uuid>``."""
    return f"TASK_{uuid.uuid4()}"


def session_id(service: str) -> str:
    """A new id for a running service, unique over all hosts and restarts."""
    return f"{service}-{uuid.uuid4().hex[:12]}"


def job_name(of_task_id: str, attempt: int) -> str:
    """The job name of one attempt of a task: ``A`` and 14 letters or digits (70 bits).

    Always the same for the same attempt, and unique enough that a batch
    system can be asked for the job by its name alone. 15 characters is what
    the narrowest batch system (PBS before version 18) accepts.
    """
    digest = hashlib.sha256(f"{of_task_id}/{attempt}".encode()).digest()
    return "A" + base64.b32encode(digest)[:14].decode("ascii").lower()
