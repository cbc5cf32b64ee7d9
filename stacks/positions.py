"""YAML with the line and column of every key, so that each problem can be shown where it stands.

Scalars are read as Pulumi reads them (YAML 1.2: `yes` is a text, `true` is not). Anchors work; merge keys and tags are
refused. Knows nothing of what the keys mean.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from stacks import errors, findings

MOST_NODES: Final = 20_000
"""A bound for what anchors can multiply a small file to; a stack file has some dozens of nodes."""

LONGEST_NUMBER: Final = 40
"""Characters. What is longer is a text: no setting is such a number, and a float would lose it."""

_PLAIN: Final = "plain"
"""The tag of scalars without quotes and without a tag, whose type their text decides."""
_CORE: Final = "tag:yaml.org,2002:"
_WORDS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL: Final = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,2})?")


@dataclasses.dataclass(frozen=True)
class Document:
    """A YAML document as plain data, and where its keys and items stand."""

    value: Any = dataclasses.field(repr=False)
    places: Mapping[findings.Path, tuple[int, int]]
    """1-based line and column of each key and item, by path."""
    problems: tuple[errors.Problem, ...] = ()
    """What is YAML and cannot be used all the same."""
    unread: frozenset[findings.Path] = frozenset()
    """The paths of the values that the problems are about: what stands there is not what was meant."""

    def locate(self, path: findings.Path) -> tuple[int, int]:
        """Where the path stands, or the nearest enclosing key that there is; (0, 0) where there is none."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (0, 0))


def read(data: bytes, *, file: str) -> Document:
    """Read one YAML document. Raises StackFileError with file, line and column of what is no YAML."""
    text = _decoded(data, file=file)
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise errors.StackFileError(_broken(error, text=text, file=file)) from None
    except yaml.reader.ReaderError as error:
        raise errors.StackFileError(_unreadable(text, error.position, file=file)) from None
    except RecursionError:
        raise errors.StackFileError(
            errors.Problem(
                what="the file is nested too deeply",
                why="a stack file has half a dozen levels",
                next="close the brackets that are open",
                file=file,
            )
        ) from None
    conversion = _Conversion(file=file)
    value = conversion.value(root, ()) if root else None
    return Document(value, conversion.places, tuple(conversion.problems), frozenset(conversion.unread))


class _Loader(yaml.BaseLoader):
    """Leaves the type of plain scalars to us: PyYAML's own rules are those of YAML 1.1."""


_Loader.add_implicit_resolver(_PLAIN, re.compile(""), None)


class _Conversion:
    """One walk over a document's nodes, which gathers places and problems on its way."""

    def __init__(self, *, file: str) -> None:
        self.file = file
        self.places: dict[findings.Path, tuple[int, int]] = {}
        self.problems: list[errors.Problem] = []
        self.unread: set[findings.Path] = set()
        self._open: set[int] = set()
        self._nodes = 0

    def value(self, node: yaml.Node, path: findings.Path) -> Any:
        """The node as plain data; None where there is a problem with it."""
        self._nodes += 1
        if self._nodes > MOST_NODES:
            if self._nodes == MOST_NODES + 1:
                self._problem(
                    node,
                    f"the file has more than {MOST_NODES} values",
                    at=(),
                    why="anchors multiply what they name; a stack has some dozens of values",
                    advice="write out what is meant, without anchors",
                )
            return None
        if id(node) in self._open:
            why, advice = "such a value would have no end", "write out what is meant"
            return self._problem(node, "an anchor contains its own alias", at=path, why=why, advice=advice)
        self._open.add(id(node))
        try:
            return self._converted(node, path)
        finally:
            self._open.remove(id(node))

    def _converted(self, node: yaml.Node, path: findings.Path) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if node.tag not in (f"{_CORE}seq", f"{_CORE}map"):
            return self._tagged(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._mapping(node, path)

    def _item(self, node: yaml.Node, path: findings.Path) -> Any:
        self.places[path] = _place(node)
        return self.value(node, path)

    def _mapping(self, node: yaml.Node, path: findings.Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._problem(
                    key,
                    "a key must be a text",
                    why="no setting is called by a list or a mapping",
                    advice="write a text, in quotes where it begins with `?`, `[` or `{`",
                )
            elif key.value == "<<" and key.tag == _PLAIN:
                self._problem(
                    key,
                    "the merge key `<<` is not supported",
                    at=path,
                    why="it is not part of YAML 1.2",
                    advice="write the merged keys out",
                )
            elif key.value in result:
                first = self.places[(*path, key.value)][0]
                self._problem(
                    key,
                    f"the key `{key.value}` stands here a second time",
                    at=(*path, key.value),
                    why="only one of the two can be meant",
                    advice=f"keep one of them: the first is in line {first}",
                )
            else:
                self.places[(*path, key.value)] = _place(key)
                result[key.value] = self.value(value, (*path, key.value))
        return result

    def _scalar(self, node: yaml.ScalarNode, path: findings.Path) -> Any:
        if node.tag in (_PLAIN, *(f"{_CORE}{name}" for name in ("null", "bool", "int", "float"))):
            return _typed(node.value)
        if node.tag != f"{_CORE}str":
            return self._tagged(node, path)
        return node.value

    def _tagged(self, node: yaml.Node, path: findings.Path) -> None:
        self._problem(
            node,
            f"the tag `{node.tag}` is not supported",
            at=path,
            why="settings are texts, numbers, truth values, lists and mappings, which need none",
            advice="write the value without a tag",
        )

    def _problem(self, node: yaml.Node, what: str, *, why: str, advice: str, at: findings.Path | None = None) -> None:
        line, column = _place(node)
        problem = errors.Problem(what=what, why=why, next=advice, file=self.file, line=line, column=column)
        self.problems.append(problem)
        if at is not None:
            self.unread.add(at)


def _typed(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > LONGEST_NUMBER:
        return text
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _decoded(data: bytes, *, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        raise errors.StackFileError(_unreadable(before, len(before), file=file)) from None


def _unreadable(text: str, position: int, *, file: str) -> errors.Problem:
    before = text[:position]
    line, column = before.count("\n") + 1, position - before.rfind("\n")
    return errors.Problem(
        what="this is not text in UTF-8, or has a character that YAML does not allow",
        why="nobody can say which character was meant",
        next="save the file as UTF-8",
        file=file,
        line=line,
        column=column,
    )


def _broken(error: yaml.MarkedYAMLError, *, text: str, file: str) -> errors.Problem:
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines() or [""]
    line = min(mark.line, len(lines) - 1) if mark else 0
    column = mark.column if mark and mark.line == line else len(lines[line])
    shown = lines[line][:120]
    pointer = "".join("\t" if character == "\t" else " " for character in shown[:column])
    return errors.Problem(
        what=f"the YAML is broken: {error.problem or error.context}",
        why=f"{shown}\n  {pointer}^",
        next="correct the marked place; indentation, a missing colon or quote are the usual causes",
        file=file,
        line=line + 1,
        column=column + 1,
    )
