"""``python -m fuzz``: fuzzes the targets one after another; exit code 1 if anything was found."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from fuzz.fuzzer import Outcome, again, fuzz
from fuzz.targets import TARGETS


def main() -> int:
    """Parse the arguments, run, print a line of JSON a target."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target (default: 60)")
    parser.add_argument("--runs", type=int, default=None, help="at most so many inputs for each target")
    parser.add_argument("--seed", type=int, default=0, help="which inputs are tried (default: by chance)")
    parser.add_argument("--again", type=Path, default=None, help="try the input in this file only, on one target")
    arguments = parser.parse_args()
    unknown = set(arguments.targets) - TARGETS.keys()
    if unknown:
        parser.error(f"There is no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}.")
    if arguments.again is not None and len(arguments.targets) != 1:
        parser.error("--again needs the one target that the input is for.")
    clean = True
    for outcome in _outcomes(arguments):
        clean = clean and outcome.clean
        print(json.dumps({key: value for key, value in outcome.as_document().items() if key != "told"}), flush=True)
        if not outcome.clean:
            print(outcome.told, file=sys.stderr)
    return 0 if clean else 1


def _outcomes(arguments: argparse.Namespace) -> Iterator[Outcome]:
    for name in arguments.targets or TARGETS:
        if arguments.again is not None:
            yield again(name, arguments.again)
        else:
            yield fuzz(name, seconds=arguments.seconds, runs=arguments.runs, seed=arguments.seed)


if __name__ == "__main__":
    sys.exit(main())
