"""``python -m chaos``: a run of the fault harness from the command line; exit code 1 if anything was wrong."""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from chaos.run import Plan, Run
from chaos.servers import Backing
from chaos.site import LONG, SHORT
from services.servers import Servers, private_servers

SERVERS_HELP = (
    "own: a private set (default); environment: the set that SERVICES_DIR and SERVICES_PORT_BASE name, which is left "
    "running; none: none at all, with --embedded"
)


def main() -> int:
    """Parse the arguments, carry the run out, print its summary."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="what is done, to whom and when (default: by chance)")
    parser.add_argument("--minutes", type=float, default=4.0, help="how long anything is disturbed (default: 4)")
    parser.add_argument("--experiments", type=int, default=None, help="at most so many (default: as many as fit)")
    parser.add_argument("--pace", choices=("short", "long"), default=None, help="how long each fault lasts")
    parser.add_argument(
        "--embedded", action="store_true", help="one 'serve' on embedded stores, no server but clusters"
    )
    parser.add_argument("--no-steps", action="store_true", help="do not kill each stage at each of its steps first")
    parser.add_argument("--step-minutes", type=float, help="as many of these kills as fit (default: half of --minutes)")
    parser.add_argument("--step", action="append", default=[], help="only this one, as 'monitor: before shell.run'")
    parser.add_argument("--servers", choices=("own", "environment", "none"), default="own", help=SERVERS_HELP)
    parser.add_argument("--without", action="append", default=[], help="leave a kind of fault out (may be repeated)")
    parser.add_argument("--keep", action="store_true", help="keep logs and homes even if all was right")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # nothing stays behind then either
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1_000_000)
    pace = {"short": SHORT, "long": LONG}[arguments.pace or ("long" if arguments.minutes > 10 else "short")]
    plan = Plan(
        seed,
        arguments.minutes,
        arguments.experiments,
        arguments.embedded,
        not arguments.no_steps,
        arguments.step_minutes,
        tuple(arguments.step),
        tuple(arguments.without),
    )
    directory = Path(tempfile.mkdtemp(prefix="chaos-run-"))
    directory.chmod(0o755)
    print(f"seed {seed}, logs in {directory}", file=sys.stderr)
    with backing_of(arguments.servers, embedded=plan.embedded) as backing:
        summary = Run(plan, pace, directory, backing).carry_out()
    print(summary.to_json())
    if summary.right and not arguments.keep:
        shutil.rmtree(directory)
    return 0 if summary.right else 1


@contextmanager
def backing_of(which: str, *, embedded: bool) -> Iterator[Backing | None]:
    """The servers, running; they are the harness's own and wiped at the end, unless the environment names them."""
    if which == "none":
        yield None
        return
    with private_servers() if which == "own" else nullcontext(Servers()) as servers:
        backing = Backing(servers, embedded=embedded)
        backing.start_all()
        yield backing


if __name__ == "__main__":
    sys.exit(main())
