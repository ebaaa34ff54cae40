"""The simplest remote shell: every script in a process of its own on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from airavata_workload.domain.errors import CommandTimeoutError
from airavata_workload.ports.remote_shell import CommandResult, RemoteShell


class SubprocessShell(RemoteShell):
    """Runs scripts with ``sh``, and keeps nothing between them. It cannot cancel a script."""

    def run(
        self,
        script: str,
        *,
        stdin: bytes = b"",
        timeout_s: float | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> CommandResult:
        """Run the script; raises ``CommandTimeoutError`` after ``timeout_s``, 60 by default."""
        del cancelled
        limit_s = timeout_s or 60.0
        try:
            done = subprocess.run(  # noqa: S603 - the caller has quoted the script
                ["sh", "-c", script],  # noqa: S607 - whichever sh is first, as with SSH
                input=stdin,
                capture_output=True,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CommandTimeoutError(f"The script did not end within {limit_s:g} s.") from None
        return CommandResult(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def check(self) -> str:
        """Names this machine."""
        return self.run("uname -n").require_success("Asking for the name").text.strip()

    def close(self) -> None:
        """Nothing is open."""
