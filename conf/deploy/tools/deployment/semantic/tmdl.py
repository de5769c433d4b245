"""TMDL, the text form of a tabular model: written and read here, as far as our model needs it.

Indentation is by tabs. An object may have a description above it, a default value behind ` = `, properties and
objects below it. A text of several lines stands two tabs deeper than its object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

PLAIN_NAME = re.compile(r"[^\s.=:']+")
PROPERTY = re.compile(r"(?P<key>[A-Za-z]\w*):(?: (?P<value>.*))?")
FLAG = re.compile(r"[A-Za-z]\w*")
OBJECT = re.compile(
    r"(?P<kind>ref [a-z]\w*|[a-z]\w*)(?: (?P<name>'(?:[^']|'')+'|[^\s.=:']+))?(?P<is> =(?: (?P<value>.+))?)?"
)
COMMENT = "///"


class TmdlError(ValueError):
    """A line that is no TMDL."""


@dataclass(frozen=True)
class Node:
    """An object of a model: `column active_users`, its description, its properties and what it holds.

    A property that is only named is true; `value` is what stands behind `=`.
    """

    kind: str
    name: str = ""
    value: str = ""
    comment: str = ""
    properties: Mapping[str, str | bool] = field(default_factory=dict)
    children: tuple[Node, ...] = ()

    def of_kind(self, kind: str) -> list[Node]:
        return [child for child in self.children if child.kind == kind]


def quoted(name: str) -> str:
    """A name as TMDL writes it.

    >>> quoted("companies"), quoted("Companies at risk"), quoted("Q1's best")
    ('companies', "'Companies at risk'", "'Q1''s best'")
    """
    if PLAIN_NAME.fullmatch(name):
        return name
    doubled = name.replace("'", "''")
    return f"'{doubled}'"


def unquoted(name: str) -> str:
    """The name that TMDL wrote.

    >>> unquoted("'Q1''s best'")
    "Q1's best"
    """
    if name.startswith("'"):
        return name[1:-1].replace("''", "'")
    return name


def rendered(*nodes: Node) -> str:
    """A file's text: its objects, an empty line between two.

    >>> print(rendered(Node("table", "t", children=(Node("measure", "m", "1"),))).expandtabs(4))
    table t
    <BLANKLINE>
        measure m = 1
    <BLANKLINE>
    """
    return "\n".join("\n".join(_lines(node, 0)) + "\n" for node in nodes)


def _lines(node: Node, depth: int) -> Iterator[str]:
    tabs = "\t" * depth
    for line in node.comment.splitlines():
        yield f"{tabs}{COMMENT} {line}"
    head = f"{tabs}{node.kind} {quoted(node.name)}" if node.name else f"{tabs}{node.kind}"
    if "\n" in node.value:
        yield f"{head} ="
        for line in node.value.splitlines():
            yield f"{tabs}\t\t{line}" if line else ""
    else:
        yield f"{head} = {node.value}" if node.value else head
    for key, value in node.properties.items():
        yield f"{tabs}\t{key}" if value is True else f"{tabs}\t{key}: {value}"
    for child in node.children:
        if child.comment or child.name or child.value:
            yield ""
        yield from _lines(child, depth + 1)


@dataclass
class _Reader:
    """The lines of a file, and the next one to read."""

    lines: list[str]
    at: int = 0

    def failed(self, what: str) -> TmdlError:
        return TmdlError(f"line {self.at + 1}: {what}")

    def depth_of(self, line: str) -> int:
        return len(line) - len(line.lstrip("\t"))

    def next_depth(self, after: int) -> int:
        """How deep the next line with text stands; -1 at the end."""
        for line in self.lines[after:]:
            if line.strip():
                return self.depth_of(line)
        return -1

    def block(self, depth: int) -> tuple[dict[str, str | bool], tuple[Node, ...]]:
        """The properties and objects that stand at `depth`, up to a line that stands less deep."""
        properties: dict[str, str | bool] = {}
        children: list[Node] = []
        comment: list[str] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line.strip():
                self.at += 1
                continue
            stands = self.depth_of(line)
            if stands < depth:
                break
            if stands > depth:
                raise self.failed("stands too deep")
            text = line[depth:]
            if text != text.strip():
                raise self.failed("is indented by blanks, or ends in them")
            if text.startswith(COMMENT):
                comment.append(text.removeprefix(COMMENT).strip())
                self.at += 1
                continue
            if found := PROPERTY.fullmatch(text):
                if comment or children:
                    raise self.failed("a property stands behind an object or a description")
                self.keep(properties, found["key"], found["value"] or "")
            elif FLAG.fullmatch(text) and self.next_depth(self.at + 1) <= depth and depth:
                if comment:
                    raise self.failed("a description stands before a property")
                self.keep(properties, text, value=True)
            else:
                children.append(self.object(text, depth, "\n".join(comment)))
                comment = []
        if comment:
            raise self.failed("a description stands before nothing")
        return properties, tuple(children)

    def keep(self, properties: dict[str, str | bool], key: str, value: str | bool) -> None:
        if key in properties:
            raise self.failed(f"{key} is named twice")
        properties[key] = value
        self.at += 1

    def object(self, text: str, depth: int, comment: str) -> Node:
        """The object whose first line is `text`, with all that stands below it."""
        found = OBJECT.fullmatch(text)
        if not found:
            raise self.failed(f"is neither an object nor a property: {text}")
        self.at += 1
        value = found["value"] or ""
        if found["is"] and not value:
            value = self.long_value(depth + 2)
        properties, children = self.block(depth + 1)
        name = unquoted(found["name"] or "")
        return Node(found["kind"], name, value, comment, properties, children)

    def long_value(self, depth: int) -> str:
        """The lines of a text, which stand at `depth` or deeper; less deep is what follows it."""
        kept: list[str] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.strip() and self.depth_of(line) < depth:
                break
            kept.append(line[depth:])
            self.at += 1
        value = "\n".join(kept).strip("\n")
        if not value:
            raise self.failed("nothing stands behind =")
        return value


def parsed(text: str) -> tuple[Node, ...]:
    """The objects of a file.

    >>> (table,) = parsed("table t\\n\\tisHidden\\n\\n\\tmeasure m = 1\\n\\t\\tformatString: 0\\n")
    >>> table.properties, table.children[0].value, table.children[0].properties
    ({'isHidden': True}, '1', {'formatString': '0'})

    Raises:
        TmdlError: naming the first line that is none.
    """
    reader = _Reader(text.split("\n"))
    properties, nodes = reader.block(0)
    if properties:
        raise TmdlError(f"line 1: a property without an object: {next(iter(properties))}")
    return nodes
