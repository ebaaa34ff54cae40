"""Markdown as both MkDocs and GitHub read it, made from values and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence

_CODE = re.compile(r"``(.+?)``", re.DOTALL)
_EMPHASIS = re.compile(r"(\*{1,2}\w[\w ]*\*{1,2})")
_RULE = re.compile(r"=+(?: +=+)+")


def document(title: str, made_from: str, *parts: str) -> str:
    """A whole page; ``made_from`` is where a change belongs."""
    mark = f"<!-- Made by `python docs/generate.py` from {made_from}: change that, not this file. -->"
    return "\n\n".join([f"# {title}", mark, *(part.strip("\n") for part in parts if part.strip())]) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("\n", " ") for cell in line) + " |" for line in lines)


def code(text: object) -> str:
    """Text as it is."""
    words = str(text)
    return f"`` {words} ``" if "`" in words else f"`{words}`"


def prose(text: str) -> str:
    """A sentence or more of a docstring: code in single backquotes, nothing taken for HTML, no line breaks."""
    plain = " ".join(text.split())
    pieces = re.split(r"(``.+?``|`[^`]+`)", plain)
    return "".join(_CODE.sub(r"`\1`", piece) if piece[:1] == "`" else _escaped(piece) for piece in pieces)


def _escaped(text: str) -> str:
    pieces = _EMPHASIS.split(text.replace("<", "&lt;").replace("|", "\\|"))
    return "".join(piece if number % 2 else piece.replace("*", "\\*") for number, piece in enumerate(pieces))


def paragraphs(docstring: str | None) -> str:
    """A docstring, paragraph by paragraph; tables, lists and literal blocks keep their form."""
    blocks = re.split(r"\n{2,}", inspect.cleandoc(docstring or ""))
    return "\n\n".join(_block(block) for block in blocks)


def _block(block: str) -> str:
    if _RULE.match(block.split("\n", 1)[0]):
        header, rows = rst_table(block)
        return table(header, [[prose(cell) for cell in row] for row in rows])
    if block.startswith("    "):
        return "```text\n" + inspect.cleandoc(block) + "\n```"
    if block.startswith("- "):
        return "\n".join("- " + prose(item) for item in re.split(r"(?:^|\n)- ", block)[1:])
    return prose(block.removesuffix("::") + ":" if block.endswith("::") else block)


def rst_table(text: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the first simple table of reStructuredText in the text; the header may be empty."""
    lines = text.split("\n")
    rules = [number for number, line in enumerate(lines) if _RULE.fullmatch(line.strip())]
    starts = [found.start() for found in re.finditer(r"=+", lines[rules[0]])]
    has_header = len(rules) > 2
    header = _cells(lines[rules[0] + 1], starts) if has_header else [""] * len(starts)
    rows: list[list[str]] = []
    for line in lines[rules[1 if has_header else 0] + 1 : rules[-1]]:
        cells = _cells(line, starts)
        if cells[0]:
            rows.append(cells)
        else:
            rows[-1] = [f"{before} {more}".strip() for before, more in zip(rows[-1], cells, strict=True)]
    return header, rows


def _cells(line: str, starts: Sequence[int]) -> list[str]:
    ends = [*starts[1:], None]
    return [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def fenced(language: str, text: str) -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```"
