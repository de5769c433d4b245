"""A document as the platform's own model understands it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deployment.pipelines.resources import Resource


@dataclass(frozen=True)
class Models:
    """The models of a package: what reads a document, what writes it, and the model of each kind of resource."""

    serializer: Any
    deserializer: Any
    of_kind: Mapping[str, str]

    @classmethod
    def of(cls, models: Any, serialization: Any, of_kind: Mapping[str, str]) -> Models:
        classes = {name: value for name, value in vars(models).items() if isinstance(value, type)}
        return cls(serialization.Serializer(classes), serialization.Deserializer(classes), of_kind)

    def misunderstood(self, resource: Resource) -> Iterator[tuple[str, str]]:
        """Places in which the model did not understand the document: it drops a key, or knows no such type."""
        kind = self.of_kind[resource.kind]
        try:
            model = self.deserializer(kind, json.loads(json.dumps(resource.document)))
            self.serializer.body(model, kind)
            understood = model.serialize(keep_readonly=True)
        except Exception as refused:  # each package has errors of its own
            yield "", f"{kind} refuses it: {one_line(refused)}"
            return
        yield from differences(resource.document, understood)
        yield from vague(model)


def one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def differences(said: Any, understood: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Where two documents differ.

    >>> list(differences({"a": [1, 2], "b": 0}, {"a": [1, 3]}))
    [('a[1]', 'is understood as 3'), ('b', 'is not understood')]
    """
    if isinstance(said, dict) and isinstance(understood, dict):
        for key in said:
            inner = f"{place}.{key}".removeprefix(".")
            if key not in understood:
                yield inner, "is not understood"
            else:
                yield from differences(said[key], understood[key], inner)
    elif isinstance(said, list) and isinstance(understood, list) and len(said) == len(understood):
        for at, (one, other) in enumerate(zip(said, understood, strict=True)):
            yield from differences(one, other, f"{place}[{at}]")
    elif said != understood or type(said) is not type(understood):
        yield place, f"is understood as {json.dumps(understood)[:80]}"


def vague(model: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Parts of a model that are of no concrete class, or hold what their class does not know."""
    if isinstance(model, list):
        for at, one in enumerate(model):
            yield from vague(one, f"{place}[{at}]")
    if isinstance(model, dict):
        for key, one in model.items():
            yield from vague(one, f"{place}.{key}")
    if not hasattr(model, "_attribute_map"):
        return
    if "_subtype_map" in vars(type(model)):
        yield (
            place,
            f"{type(model).__name__} is all that is known of its type {getattr(model, 'type', None)}",
        )
    for attribute in model._attribute_map:
        value = getattr(model, attribute)
        if attribute == "additional_properties" and value:
            yield place, f"{type(model).__name__} knows no {', '.join(sorted(value))}"
        elif attribute != "additional_properties":
            yield from vague(value, f"{place}.{attribute}".removeprefix("."))
