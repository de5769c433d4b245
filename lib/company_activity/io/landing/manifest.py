"""The manifest: the one file that commits a generation of a date."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match

from company_activity.errors import LandingCorrupt
from company_activity.planning.state import GenerationMark
from company_activity.records.landed_line import FETCH_AGAIN
from company_activity.settings.model import INSIDE

FORMAT = 1


@dataclass(frozen=True)
class Part:
    """A file of landed lines: its path in the container, and what it must hold (`bytes` as stored)."""

    path: str
    sha256: str
    bytes: int
    rows: int


@dataclass(frozen=True)
class Manifest:
    """What a generation of a date consists of.

    `fetched_at` is when its first page was asked for (UTC). A `missing` generation has no parts: a
    rollback set the date aside. `restored_generation` is the one whose parts a rollback names
    again; `held_digests` are contents that a fetch must not commit until they are released. Each
    generation names those of the one before it. `erased_generation` is the one that stood, of which
    this holds the content without erased companies.
    `session` names the fetch whose pages went into it.
    """

    date: date
    generation: int
    state: Literal["complete", "missing"]
    parts: tuple[Part, ...]
    pages: int
    rows: int
    content_digest: str
    api_url: str
    fetched_at: datetime
    run_id: str
    session: str = ""
    restored_generation: int | None = None
    held_digests: tuple[str, ...] = ()
    erased_generation: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the API was paged to its end."""
        return self.state == "complete"

    @property
    def mark(self) -> GenerationMark:
        """The mark that staging the generation gives its date."""
        digest = self.content_digest if self.is_complete else None
        return GenerationMark.of(self.generation, digest)

    def to_json(self) -> str:
        """The text that is stored; equal manifests give equal text."""
        plain = {"format": FORMAT, **asdict(self), "date": self.date.isoformat()}
        plain["fetched_at"] = self.fetched_at.astimezone(UTC).isoformat(timespec="microseconds")
        return json.dumps(plain, indent=2) + "\n"


def is_held(content_digest: str, held: Iterable[str]) -> bool:
    """Whether a content is among the held ones; one that only staging knew is held by 16 characters.

    >>> is_held("0123456789abcdef01", ["ff", "0123456789abcdef"]), is_held("01", [])
    (True, False)
    """
    return any(map(content_digest.startswith, held))


def read_manifest(text: bytes, path: str) -> Manifest:
    """The manifest that stands at `path`; what a later version has added to it is passed over.

    Raises:
        LandingCorrupt: if it is broken, or of a format that this version does not know.
    """
    try:
        plain = json.loads(text)
        if (wrong := best_match(VALIDATOR.iter_errors(plain))) is not None:
            raise wrong
        if plain["format"] != FORMAT:
            raise LandingCorrupt(
                f"{path} has format {plain['format']}", remedy="update company-activity to read it"
            )
        return _manifest(plain)
    except (ValueError, RecursionError, ValidationError) as broken:
        why = broken.message if isinstance(broken, ValidationError) else broken
        raise LandingCorrupt(
            f"{path} is no manifest: {why}",
            remedy=f"restore it from a copy of the landing, or delete it and {FETCH_AGAIN}",
        ) from None


def _manifest(plain: dict[str, Any]) -> Manifest:
    known = {name: plain[name] for name in Manifest.__dataclass_fields__ if name in plain}
    known["date"] = date.fromisoformat(plain["date"])
    known["fetched_at"] = datetime.fromisoformat(plain["fetched_at"]).astimezone(UTC)
    known["parts"] = tuple(
        Part(*(part[name] for name in Part.__dataclass_fields__)) for part in plain["parts"]
    )
    known["held_digests"] = tuple(plain.get("held_digests", ()))
    manifest = Manifest(**known)
    if sum(part.rows for part in manifest.parts) != manifest.rows:
        raise ValueError("the rows of its parts do not add up")
    return manifest


def _objects(required: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {**required, **more}, "required": list(required)}


_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_PART = _objects(
    {
        "path": {"type": "string", "pattern": INSIDE},
        "sha256": _TEXT,
        "bytes": _COUNT,
        "rows": _COUNT,
    }
)
SCHEMA = _objects(
    {
        "format": {"type": "integer"},
        "date": _TEXT,
        "generation": {"type": "integer", "minimum": 1},
        "state": {"enum": ["complete", "missing"]},
        "parts": {"type": "array", "items": _PART},
        "pages": _COUNT,
        "rows": _COUNT,
        "content_digest": _TEXT,
        "api_url": _TEXT,
        "fetched_at": _TEXT,
        "run_id": _TEXT,
    },
    session=_TEXT,
    restored_generation={"type": ["integer", "null"]},
    erased_generation={"type": ["integer", "null"]},
    held_digests={"type": "array", "items": _TEXT},
) | {
    "if": {"properties": {"state": {"const": "missing"}}},
    "then": {"properties": {"parts": {"maxItems": 0}}},
}
# Made once: `jsonschema.validate` checks the schema itself at every call, 30 ms beside half a millisecond for a file.
VALIDATOR = Draft202012Validator(SCHEMA)
