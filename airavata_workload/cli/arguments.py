"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from airavata_workload.cli import completion

ExperimentId = Annotated[
    str,
    typer.Argument(
        metavar="EXPERIMENT",
        help="Its id, or an unambiguous beginning of it.",
        autocompletion=completion.experiment_ids,
        show_default=False,
    ),
]
ExperimentIds = Annotated[
    list[str],
    typer.Argument(
        metavar="EXPERIMENT",
        help="Ids, or unambiguous beginnings of them.",
        autocompletion=completion.experiment_ids,
        show_default=False,
    ),
]
ExperimentFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE",
        help="Experiment files (TOML).",
        autocompletion=completion.experiment_files,
        show_default=False,
    ),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit trail.", show_default=False)]
