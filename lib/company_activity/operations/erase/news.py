"""A company taken out of digests under way, and of what was told of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from company_activity.io.notify.digest.kept import KeptNews

if TYPE_CHECKING:
    from company_activity.io.notify.digest.digest import Digest
    from company_activity.operations.erase.spelling import Spelling
    from company_activity.run import Run


def forget_in_news(run: Run, company_id: str, spelling: Spelling) -> int:
    """Cut the company out of the news beside the lake; how many files had it.

    A digest of which a part was accepted is not gone on with: its other parts would be other ones than those that
    were cut from the whole. It counts as told.
    """
    kept = KeptNews(run.lake.files)
    found = 0
    for one in list(kept.under_way()):
        news = tuple(piece for piece in one.news if piece.company_id != company_id)
        if news == one.news:
            continue
        found += 1
        if one.parts or not news:
            left = replace(one, news=news)
            kept.close(left, run.now, "a company of it was erased", is_told=bool(one.parts))
        else:
            kept.rewrite(one, without(one.digest, company_id), news)
    for name, _, pieces in kept.told_files():
        left_of_it = [piece for piece in pieces if piece.company_id != company_id]
        if len(left_of_it) < len(pieces):
            found += 1
            kept.cut(name, left_of_it)
    for name, text in kept.unreadable().items():
        if spelling.is_in(text):
            found += 1
            kept.forget(name)
    snoozes = kept.snoozes()
    if snoozes.pop(company_id, None):
        found += 1
        kept.note_snoozes(snoozes)
    return found


def without(digest: Digest, company_id: str) -> Digest:
    """The digest without a company."""
    sections = {
        kind: tuple(item for item in items if item.company_id != company_id)
        for kind, items in digest.sections.items()
    }
    return replace(digest, sections={kind: items for kind, items in sections.items() if items})
