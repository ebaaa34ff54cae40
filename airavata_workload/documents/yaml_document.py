"""Reads YAML with the line of every key.

Of YAML only what JSON can say is taken: mappings with text as keys, lists and
the scalars of the core schema, so that ``on``, ``yes``, ``010`` and ``1:30``
are what they look like. A key that stands twice is an error.

Source: YAML 1.2.2, section 10.3 (core schema), https://yaml.org/spec/1.2.2/.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from airavata_workload.documents.document import Document, Key, dotted, read_text, refuse_unspeakable_text
from airavata_workload.domain.errors import DocumentError

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TEXT_TAG = "tag:yaml.org,2002:str"


class _Loader(yaml.SafeLoader):
    """Without YAML 1.1's guesses at types. Not libyaml's, in which deep nesting overflows the stack of the process."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's own class attribute


def read_yaml(path: Path, error: type[DocumentError] = DocumentError) -> Document:
    """The document in a file. Raises ``error`` for a file that cannot be read or is not such YAML."""
    return parse_yaml(read_text(path, error), path, error)


def parse_yaml(text: str, path: Path, error: type[DocumentError] = DocumentError) -> Document:
    """The document in a text; ``path`` is what errors call it. Raises ``error`` with line and column."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as reason:
        mark = reason.problem_mark or reason.context_mark
        what = " ".join(part for part in (reason.context, reason.problem) if part)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise error(f"{what} (column {column}).", path=path, line=line) from None
    except (yaml.YAMLError, ValueError) as reason:
        raise error(f"is not YAML: {reason}.", path=path) from None
    except RecursionError:
        raise error("is nested too deeply.", path=path) from None
    builder = _Builder(path, error)
    content = builder.build(root, ()) if root is not None else {}
    if not isinstance(content, dict):
        raise error("must hold keys and values ('key: value').", path=path, line=1)
    document = Document(path=path, content=content, lines=builder.lines, error=error)
    refuse_unspeakable_text(document)
    return document


class _Builder:
    """Turns nodes into JSON values and notes their lines."""

    def __init__(self, path: Path, error: type[DocumentError]) -> None:
        self._path = path
        self._error = error
        self._seen: set[int] = set()
        self.lines: dict[Key, int] = {}

    def build(self, node: yaml.Node, key: Key) -> Any:
        # An alias gives the same node again. Expanded, a small file may become endless.
        if id(node) in self._seen:
            line = self.lines.get(key, node.start_mark.line + 1)  # the node itself is where its anchor is
            message = "aliases (*name) are not supported: write the value out."
            raise self._error(message, path=self._path, line=line, key=dotted(key) or None)
        self._seen.add(id(node))
        if key:
            self.lines.setdefault(key, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*key, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, key)

    def _mapping(self, node: yaml.MappingNode, key: Key) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name_node, value_node in node.value:
            name = self._scalar(name_node, key) if isinstance(name_node, yaml.ScalarNode) else None
            if not isinstance(name, str):
                raise self._problem("a key must be text: put it in quotes.", name_node, key)
            path = (*key, name)
            if name in result:
                first = self.lines[path]
                raise self._problem(f"'{dotted(path)}' stands here and on line {first}.", name_node, path)
            self.lines[path] = name_node.start_mark.line + 1
            result[name] = self.build(value_node, path)
        return result

    def _scalar(self, node: yaml.Node, key: Key) -> Any:
        text = str(node.value)
        if node.tag != _TEXT_TAG:
            raise self._problem(f"the tag {node.tag} is not supported.", node, key)
        if getattr(node, "style", None):  # quoted or a block: text, whatever it looks like
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text):
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        return text

    def _problem(self, message: str, node: yaml.Node, key: Key) -> DocumentError:
        return self._error(message, path=self._path, line=node.start_mark.line + 1, key=dotted(key) or None)
