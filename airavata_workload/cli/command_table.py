"""Every command: its name, where it is, and its line in ``--help``; so that help need not import any of them."""

from __future__ import annotations

from dataclasses import dataclass

RUN = "Run experiments"
LOOK = "Look at experiments"
STEER = "Steer experiments"
SET_UP = "Set up and check"


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command. ``place`` is ``module:name`` below ``airavata_workload.cli.commands``.

    The name is that of a function or, for a group of commands, of a Typer
    application. ``summary`` is the first line of its docstring or help.
    """

    name: str
    place: str
    panel: str
    summary: str


COMMANDS: tuple[CommandEntry, ...] = (
    CommandEntry("demo", "demo:demo", RUN, "Run the demo experiment: the orbits of the planets."),
    CommandEntry("run", "run:run", RUN, "Run experiments to their end in this process."),
    CommandEntry("submit", "submit:submit", RUN, "Hand experiments to the engine that 'serve' runs."),
    CommandEntry("serve", "serve:serve", RUN, "Run the engine until it is told to stop."),
    CommandEntry(
        "service",
        "service:service",
        RUN,
        "Run one stage of the engine, or its API, in a process of its own.",
    ),
    CommandEntry("recover", "recover:recover", RUN, "Go on with experiments that nobody drives any more."),
    CommandEntry("list", "experiments:list_experiments", LOOK, "List experiments, the newest first."),
    CommandEntry("show", "show:show", LOOK, "Show an experiment with its tasks, jobs and outputs."),
    CommandEntry("watch", "watch:watch", LOOK, "Follow an experiment to its end."),
    CommandEntry("logs", "logs:logs", LOOK, "Show what happened to an experiment, or what its jobs printed."),
    CommandEntry("top", "top:top", LOOK, "Show workers and their load, queues, waiting tasks and open circuits."),
    CommandEntry("graph", "graph:graph", LOOK, "Draw the tasks of an experiment or of an application type."),
    CommandEntry("cancel", "steering:cancel", STEER, "Cancel experiments and their jobs."),
    CommandEntry(
        "retry", "retrying:retry", STEER, "Try a failed or cancelled experiment again from what did not complete."
    ),
    CommandEntry("clone", "retrying:clone", STEER, "Make a new experiment from the request of an old one."),
    CommandEntry("hold", "steering:hold", STEER, "Keep back the tasks of experiments that have not started."),
    CommandEntry("release", "steering:release", STEER, "Let held experiments go on."),
    CommandEntry("doctor", "doctor:doctor", SET_UP, "Check that everything is set up to run experiments."),
    CommandEntry("health", "health:health", SET_UP, "Say whether the services live and can work."),
    CommandEntry("clusters", "clusters:clusters", SET_UP, "List, show and check compute resources."),
    CommandEntry("credentials", "credentials:credentials", SET_UP, "Keep SSH keys and passwords, encrypted."),
    CommandEntry("token", "token:token", SET_UP, "Make and revoke access tokens for clients of the API."),
    CommandEntry("dags", "dags:dags", SET_UP, "List, show, check and load abstract DAGs."),
    CommandEntry("plugins", "plugins:plugins", SET_UP, "Show task plugins and adapters."),
    CommandEntry("db", "db:db", SET_UP, "Show, check and upgrade the tables of the registry and the record store."),
    CommandEntry(
        "migrate",
        "migrate:migrate",
        SET_UP,
        "Move all experiments, and what portals keep, into other backing systems.",
    ),
    CommandEntry("config", "config:config", SET_UP, "Show the settings and where they come from."),
)
