"""Makes the Python package ``airavata_thrift`` from the .thrift files beside this program.

``python thrift_idl/generate.py`` fails when the committed package differs from what the files give; ``--write`` puts
the files' outcome in its place. Run by ``tox -e thrift``.

The compiler is Debian 12's ``thrift-compiler``. Its version stands in every generated file, so another one would look
like drift and is refused. Dynamic classes with slots: the smallest code, which leaves reading and writing to the
``thrift`` library's C codec (Source: ``thrift --help``, generator ``py``).
"""

from __future__ import annotations

import argparse
import filecmp
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

IDL = Path(__file__).resolve().parent
PACKAGE = "airavata_thrift"
COMMITTED = IDL.parent / "adapters" / PACKAGE
COMPILER_VERSION = "0.17.0"
OPTIONS = "py:dynamic,slots"
MARKER = '"""Generated from thrift_idl/ by ``tox -e thrift -- --write``: never edited by hand."""\n'
STRUCT = re.compile(r"^(?:struct|union|exception) (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
REQUIRED_FIELD = re.compile(r"^  \d+: required .*?(\w+)(?: = [^,]*)?,$", re.MULTILINE)
NAMESPACE = re.compile(r"^namespace py (\S+)$", re.MULTILINE)


class GenerationError(Exception):
    """The package cannot be made; the text says what to do."""


def check_compiler() -> None:
    """Raises :class:`GenerationError` unless the compiler is the one that the package is made with."""
    remedy = f"install version {COMPILER_VERSION} (Debian 12: apt-get install thrift-compiler)"
    try:
        command = ["thrift", "--version"]  # of the PATH, as every compiler
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - no argument of others
    except (OSError, subprocess.CalledProcessError) as error:
        raise GenerationError(f"the thrift compiler does not run ({error}): {remedy}") from error
    version = done.stdout.split()[-1]
    if version != COMPILER_VERSION:
        raise GenerationError(f"the thrift compiler is {version}: {remedy}")


def check_namespaces(files: list[Path]) -> None:
    """Every file has the Python namespace ``airavata_thrift.<its name>``: two modules of one name would overwrite."""
    seen: set[str] = set()
    for file in files:
        found = NAMESPACE.findall(file.read_text(encoding="utf-8"))
        if found != [f"{PACKAGE}.{file.stem}"] or file.stem in seen:
            raise GenerationError(
                f"{file.relative_to(IDL)}: needs 'namespace py {PACKAGE}.{file.stem}', its own and only"
            )
        seen.add(file.stem)


def required_fields(files: list[Path]) -> str:
    """A module with the required fields of every struct, which the compiler's dynamic classes do not tell."""
    lines = []
    for file in files:
        for struct, body in STRUCT.findall(file.read_text(encoding="utf-8")):
            if names := REQUIRED_FIELD.findall(body):
                lines.append(f"    {file.stem + '.' + struct!r}: {tuple(names)!r},\n")
    return f"{MARKER}\nREQUIRED = {{\n{''.join(lines)}}}\n"


def compile_into(folder: Path) -> Path:
    """Compiles all files into a folder and returns the package's folder in it."""
    files = sorted(IDL.rglob("*.thrift"))
    check_namespaces(files)

    def compile_one(file: Path) -> None:
        command = ["thrift", "--strict", "--gen", OPTIONS, "--out", str(folder), str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own paths
        if done.returncode:
            raise GenerationError(f"{file.relative_to(IDL)}: {done.stderr.strip()}")

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(compile_one, files))
    package = folder / PACKAGE
    for client in package.rglob("*-remote"):  # command line clients, which nothing uses
        client.unlink()
    (package / "__init__.py").write_text(MARKER, encoding="utf-8")
    (package / "required_fields.py").write_text(required_fields(files), encoding="utf-8")
    return package


def drift(committed: Path, made: Path) -> Iterator[str]:
    """What differs between two folders: one line a file, relative to them."""

    def contents(root: Path) -> set[Path]:
        return {path.relative_to(root) for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"}

    here, there = contents(committed), contents(made)
    for path in sorted(here | there):
        if path not in here:
            yield f"{path}: missing"
        elif path not in there:
            yield f"{path}: no .thrift file gives it"
        elif not filecmp.cmp(committed / path, made / path, shallow=False):
            yield f"{path}: differs"


def main() -> int:
    """The program: 0 the package is what the files give, 1 it is not, 2 it cannot be made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the package instead of comparing it")
    options = parser.parse_args()
    try:
        check_compiler()
        with tempfile.TemporaryDirectory() as folder:
            made = compile_into(Path(folder))
            if options.write:
                shutil.rmtree(COMMITTED, ignore_errors=True)
                shutil.copytree(made, COMMITTED)
                return 0
            lines = list(drift(COMMITTED, made))
    except GenerationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if lines:
        sys.stderr.write("\n".join([*lines, f"{PACKAGE} is not what thrift_idl/ gives: tox -e thrift -- --write", ""]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
