"""One call of the command line: its options, and what they open."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from airavata_workload.cli.output_form import Output
from airavata_workload.cli.own_files import own_files_only
from airavata_workload.domain.errors import DeniedError

if TYPE_CHECKING:  # slow to import, and not needed for help
    from airavata_workload.bootstrap import Installation
    from airavata_workload.cli.screen import Screen
    from airavata_workload.settings import Settings


LOOKING = ("watch", "logs", "clusters", "doctor")
"""What opens an installation without starting or changing anything."""
SERVICES = ("serve", "api", "orchestrator", "scheduler", "worker", "monitor")
"""What runs until it is stopped, and so logs what it does."""


@dataclass
class Invocation:
    """What the options of every command said; commands get it as ``context.obj``."""

    home: Path | None = None
    config: Path | None = None
    output: Output = Output.TABLE
    verbose: bool = False
    quiet: bool = False

    @cached_property
    def screen(self) -> Screen:
        """Where the command writes."""
        from airavata_workload.cli.screen import Screen

        return Screen(self.output, quiet=self.quiet)

    @cached_property
    def settings(self) -> Settings:
        """The settings in force. Raises ``SettingsError``."""
        from airavata_workload.settings import FILE_VARIABLE, HOME_VARIABLE, load_settings

        # The options are the variables of this process, so that everything below sees the same.
        if self.home is not None:
            os.environ[HOME_VARIABLE] = str(self.home.expanduser().absolute())
        if self.config is not None:
            os.environ[FILE_VARIABLE] = str(self.config.expanduser().absolute())
        return load_settings()

    @property
    def settings_path(self) -> Path:
        """The settings file, whether or not it is there."""
        from airavata_workload.settings import FILE_VARIABLE

        home = self.settings.home
        named = os.environ.get(FILE_VARIABLE)
        return Path(named).expanduser().absolute() if named else home / "config.toml"

    def installation(self, service: str, *, private: bool = False) -> Installation:
        """The backing systems, opened as they are used; a context manager that closes them.

        Raises ``ConflictError`` if the installation was moved elsewhere, unless the command only looks.
        """
        from airavata_workload.cli.log_output import log_to_standard_error
        from airavata_workload.migration.seal import refuse_if_moved

        if service not in LOOKING:
            refuse_if_moved(self.settings)
        log_to_standard_error(self.log_level(service), self.settings.log_format)
        return self._opened(service, private)

    def stores(self) -> Installation:
        """As ``installation``, for commands that only look: nothing of the engine is imported, and nothing logged."""
        return self._opened("look", private=False)

    def _opened(self, service: str, private: bool) -> Installation:
        from airavata_workload.bootstrap import Installation

        own_files_only()
        try:
            return Installation(self.settings, service=service, private=private)
        except OSError as error:
            remedy = "Choose another one with --home or $AIRAVATA_WORKLOAD_HOME."
            raise DeniedError(f"{self.settings.home} cannot be used: {error.strerror}.", remedy=remedy) from error

    def log_level(self, service: str) -> str:
        """What is logged: a service as the settings say; a command for people only what went wrong."""
        if self.verbose:
            return "debug"
        if self.quiet:
            return "error"
        return self.settings.log_level if service in SERVICES else "warning"
