"""``python -m fuzz.one_target TARGET FOLDER OPTION...``: fuzzes one target in this process, which libFuzzer ends.

``FOLDER/corpus`` begins with the target's seeds and grows. ``--only=FILE``
tries the input in that file; the other options are libFuzzer's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris
from fuzz.targets import INSTRUMENTED, TARGETS, FuzzTarget

_ONLY = "--only="


def main(name: str, folder: Path, options: list[str]) -> None:
    """Never returns."""
    entry = TARGETS[name]
    with atheris.instrument_imports(include=list(INSTRUMENTED)):
        factory = entry.factory()
        own = folder / "own"
        own.mkdir()
        target = factory(own)
    files = [each.removeprefix(_ONLY) for each in options if each.startswith(_ONLY)]
    options = [each for each in options if not each.startswith(_ONLY)]
    inputs = files or [_corpus(target, folder)]
    atheris.Setup([sys.argv[0], f"-max_len={entry.max_input_bytes}", *options, *map(str, inputs)], target)
    atheris.Fuzz()


def _corpus(target: FuzzTarget, folder: Path) -> Path:
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number:04}").write_bytes(seed)
    return corpus


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
