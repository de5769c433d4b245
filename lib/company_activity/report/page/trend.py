"""How a company's engagement score moved: two changes, and a line of five points."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

Scores = Sequence[float | None]
LINE_HEIGHT = 16  # pixels for a score of 0 to 100
WEEK_WIDTH = 8


def change_text(scores: Scores, weeks: int) -> str:
    """The score's change over some weeks; a dash where one of the two dates has none.

    >>> change_text((50.0, None, 40.0, 44.0, 31.5), 1), change_text((50.0, None, 40.0, 44.0, 31.5), 3)
    ('−12.5', '–')
    >>> change_text((3.0, 2.0, 2.0), 1), change_text((3.0, 2.0, 2.04), 1), change_text((), 1)
    ('0.0', '0.0', '–')
    """
    if len(scores) <= weeks:
        return "–"
    now = scores[-1]
    before = scores[-1 - weeks]
    if now is None or before is None:
        return "–"
    change = round(now - before, 1)
    return f"{change:+.1f}".replace("-", "−") if change else "0.0"


def trend_text(scores: Scores) -> str:
    """The score on the day and its changes over 7 and 28 days, in words.

    >>> trend_text((50.0, None, 40.0, 44.0, 31.5))
    'Engagement score 31.5: −12.5 in 7 days, −18.5 in 28 days'
    >>> trend_text(())
    ''
    """
    if not scores or scores[-1] is None:
        return ""
    changes = f"{change_text(scores, 1)} in 7 days, {change_text(scores, 4)} in 28 days"
    return f"Engagement score {scores[-1]:.1f}: {changes}"


def score_line(scores: Scores) -> Markup:
    """The weekly scores as a tiny line, with a gap where one is missing; the numbers beside it say the same.

    By hand: matplotlib's would take 2 KB, and there are 2,000.

    >>> print(score_line((50.0, None, 40.0, 44.0)))
    <svg class=t aria-hidden=true><path d="M0 8h0M16 10L24 9"/></svg>
    """
    path = ""
    piece = 0  # how many points the current piece of the line has
    for week, score in enumerate(scores):
        if score is None:
            path += "h0" if piece == 1 else ""  # a round cap makes a point of it
            piece = 0
            continue
        height = round(LINE_HEIGHT * (1 - score / 100))
        path += f"{'L' if piece else 'M'}{WEEK_WIDTH * week} {height}"
        piece += 1
    path += "h0" if piece == 1 else ""
    drawn = f'<svg class=t aria-hidden=true><path d="{path}"/></svg>' if path else ""
    return Markup(drawn)  # noqa: S704 — the path is made of numbers
