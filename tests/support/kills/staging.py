"""Where a story is played again and again: each time the place is put back as it was prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pyspark.sql import SparkSession

from support.cycle.place import Place
from support.kills.children import kill_at
from support.kills.command import PLAIN, SPARK
from support.kills.kept_points import parsed
from support.kills.outcome import Outcome, outcome
from support.kills.points import Side
from support.kills.stories import Grounds, Story
from support.kills.wrapped import watching
from support.spark.caches import forget_tables


@dataclass
class Stage:
    """A story, its place, and the place as it was prepared."""

    story: Story
    spark: SparkSession
    grounds: Grounds
    names: list[str] = field(default_factory=list)

    @property
    def place(self) -> Place:
        return self.grounds.ground.place

    @property
    def kind(self) -> str:
        return SPARK if self.story.spark else PLAIN

    @property
    def environ(self) -> Mapping[str, str]:
        return self.place.environ | self.story.environ

    @cached_property
    def undisturbed(self) -> Outcome:
        """How the place stands after the command that nobody kills; `names` are the points that it passed."""
        self.reset()

        def note(name: str, side: Side) -> None:
            if side == "before":
                self.names.append(name)

        with watching(note, self.environ, with_spark=True):
            self.give()
        return self.seen()

    def reset(self) -> None:
        """Put the place back."""
        self.grounds.prepare(self.story.base)

    def give(self) -> None:
        """Give the command, in the session at hand."""
        forget_tables(self.spark)
        assert self.place.run(*self.story.command, **self.story.environ) == 0

    def seen(self) -> Outcome:
        """How the place stands."""
        return outcome(self.spark, self.place, is_about_files=not self.story.spark)

    def play(self, key: str) -> None:
        """Kill the command at a point; given again, it ends as it would have."""
        expected = self.undisturbed
        self.reset()
        kill_at(*parsed(key), self.kind, self.story.command, self.environ)
        self.give()
        assert self.seen() == expected
