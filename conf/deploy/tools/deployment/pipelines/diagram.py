"""A pipeline as a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def diagram(activities: list[dict[str, Any]]) -> str:
    """Activities with their types, and dependencies with their conditions.

    >>> one = {"name": "a", "type": "Fail", "dependsOn": []}
    >>> two = {"name": "b", "type": "Fail", "dependsOn": [{"activity": "a", "dependencyConditions": ["Failed"]}]}
    >>> print(diagram([one, two]).splitlines()[-1].strip())
    a0 -->|Failed| a1
    """
    return "\n".join(["%% Generated: make deploy-files", "flowchart TD", *lines(activities)]) + "\n"


def lines(activities: list[dict[str, Any]]) -> Iterator[str]:
    ids = {one["name"]: f"a{at}" for at, one in enumerate(activities)}
    for one in activities:
        yield f'  {ids[one["name"]]}["{one["name"]}<br/>{one["type"]}"]'
    for one in activities:
        for need in one["dependsOn"]:
            conditions = " or ".join(need["dependencyConditions"])
            yield f"  {ids[need['activity']]} -->|{conditions}| {ids[one['name']]}"
