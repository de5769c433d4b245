"""What goes out is noted before it goes: where nothing can be written nothing is sent, and nothing is sent twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from company_activity.io.notify.channel import NotSent


@contextmanager
def claimed(
    note: str, doubt: str, write: Callable[[str], object], forget: Callable[[str], None]
) -> Iterator[None]:
    """Around one try: the file `note` says that it went out, and `doubt` beside it that nobody knows yet.

    Raises:
        CompanyActivityError: before the try, if a file cannot be written: what nobody noted would go out again.
        NotSent: what the try raises; neither file is left then.
    """
    write(doubt)
    write(note)
    try:
        yield
    except NotSent:
        forget(note)
        forget(doubt)
        raise
    forget(doubt)
