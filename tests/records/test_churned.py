"""The CSV of churned customers: what is read of it, and what each mistake in it is answered with."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from company_activity.errors import UsageError
from company_activity.records.churned import Churned, read_churned


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "churned.csv"
    file.write_bytes(text.encode(encoding))
    return file


def test_ids_and_dates_are_read_whatever_stands_beside_them(tmp_path: Path) -> None:
    text = 'Churned_On , reason, company_id\r\n2025-03-01,"too dear, they said", c_1 \r\n\r\n2025-03-02,,"c,2"\r\n'
    found = read_churned(written(tmp_path, text, "utf-8-sig"))
    assert found == Churned({"c_1": date(2025, 3, 1), "c,2": date(2025, 3, 2)})


def test_a_line_that_says_it_again_is_counted(tmp_path: Path) -> None:
    found = read_churned(written(tmp_path, "company_id,churned_on\na,2025-03-01\na,2025-03-01\n"))
    assert found == Churned({"a": date(2025, 3, 1)}, repeated=1)


HEADER = "company_id,churned_on\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: no columns company_id and churned_on"),
        ("company,churned_on\na,2025-03-01\n", "line 1: no columns company_id and churned_on"),
        ("company_id,churned_on,company_id\na,2025-03-01,b\n", "each once"),
        ("company_id;churned_on\na;2025-03-01\n", "line 1: no columns"),
        (HEADER, "names no churned customer"),
        (HEADER + "a,2025-03-01\nb,2025-02-30\n", "line 3: churned_on '2025-02-30' is not a date — give it as YYYY-MM-DD"),
        (HEADER + "a,\n", "line 2: churned_on '' is not a date"),
        (HEADER + " ,2025-03-01\n", "line 2: no company_id — give the id, or remove the line"),
        (HEADER + "a\n", "line 2: 1 cells, the header has 2"),
        (HEADER + "a,2025-03-01\n\na,2025-03-02\n", "line 4: 'a' churned on 2025-03-01 and on 2025-03-02 — keep one line"),
        (HEADER + 'a,"2025-03-01\n', "line 2: unexpected end of data"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_its_remedy(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        read_churned(written(tmp_path, text))
    assert said in str(refused.value)
    assert " — " in str(refused.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not UTF-8"):
        read_churned(written(tmp_path, HEADER + "Käse,2025-03-01\n", "latin-1"))
    with pytest.raises(UsageError, match="no file"):
        read_churned(tmp_path / "nowhere.csv")
    with pytest.raises(UsageError, match="Is a directory"):
        read_churned(tmp_path)
