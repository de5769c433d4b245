"""`${…}`, which Databricks' command line puts in when it deploys, and `{{…}}`, which a job puts in when it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

REFERENCE = re.compile(r"\$\{([^}]*)\}")
DYNAMIC = re.compile(r"\{\{(.*?)\}\}")
# docs.databricks.com/jobs/dynamic-value-references, "Supported value references": what has a value in a run.
TIME = (
    r"(iso_date|iso_datetime|iso_weekday|is_weekday|year|month|day|hour|minute|second|timestamp_ms)"
)
OF_A_RUN = re.compile(
    rf"job\.(id|name|run_id|repair_count|start_time\.{TIME}|trigger\.type|trigger\.time\.{TIME})"
    r"|task\.(name|run_id|execution_count)|workspace\.(id|url)"
)
PARAMETER = re.compile(r"job\.parameters\.(\w+)")
SECRET = re.compile(r"secrets/([^/]+)/([^/]+)")


@dataclass(frozen=True)
class Text:
    """A text of a tree, and where it stands."""

    place: str
    value: str


def texts(tree: Any, place: str = "") -> Iterator[Text]:
    """Every text of a tree.

    >>> [text.place for text in texts({"a": ["x", 1], "b": {"c": "y"}})]
    ['a[0]', 'b.c']
    """
    if isinstance(tree, str):
        yield Text(place, tree)
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from texts(value, f"{place}.{key}" if place else str(key))
    if isinstance(tree, list):
        for at, value in enumerate(tree):
            yield from texts(value, f"{place}[{at}]")


def names_in(tree: Any) -> set[str]:
    """What the `${…}` of a tree name."""
    return {name for text in texts(tree) for name in REFERENCE.findall(text.value)}


def resolved(tree: Any, values: Mapping[str, Any]) -> Any:
    """The tree with values in place of its `${…}`; one that stands alone keeps its value's type.

    >>> resolved({"a": "${var.n}", "b": "x-${var.n}", "c": "${var.gone}"}, {"var.n": 2})
    {'a': 2, 'b': 'x-2', 'c': '${var.gone}'}
    """
    if isinstance(tree, dict):
        return {key: resolved(value, values) for key, value in tree.items()}
    if isinstance(tree, list):
        return [resolved(value, values) for value in tree]
    if not isinstance(tree, str):
        return tree
    alone = REFERENCE.fullmatch(tree)
    if alone:
        return values.get(alone[1], tree)
    return REFERENCE.sub(lambda found: str(values.get(found[1], found[0])), tree)


def bad_brackets(text: str) -> bool:
    """Whether a reference is opened and not closed, or the other way round: Databricks would take it as it stands.

    >>> bad_brackets("{{job.id}} ${var.a}"), bad_brackets("{{job.id}"), bad_brackets("${var.a")
    (False, True, True)
    """
    left = DYNAMIC.sub("", REFERENCE.sub("", text))
    return "{{" in left or "}}" in left or "${" in left
