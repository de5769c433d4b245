"""How a commit of Delta's log is taken apart."""

from __future__ import annotations


def lines_of(commit: str) -> list[str]:
    """The actions of a commit, a line each.

    A text in one may hold what Python takes for another end of a line: a file's name, a company's.

    >>> lines_of('{"add":{"path":"a\\u2028b"}}\\n{"commitInfo":{}}')
    ['{"add":{"path":"a\\u2028b"}}', '{"commitInfo":{}}']
    """
    return commit.split("\n")
