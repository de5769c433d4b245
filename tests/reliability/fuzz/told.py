"""Of a refusal: whoever reads it knows what to do."""

from __future__ import annotations

from company_activity.errors import CompanyActivityError


def check_told(refused: CompanyActivityError) -> None:
    """It says what is wrong, and a remedy."""
    assert refused.what
    assert refused.remedy, str(refused)
