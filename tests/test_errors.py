"""An error is one line for whoever is on call."""

from __future__ import annotations

from company_activity.errors import GateRefused, ImbalanceError, SourceError


def test_an_error_says_what_and_the_remedy() -> None:
    assert str(SourceError("no page", remedy="run again")) == "SourceError: no page — run again"
    assert str(SourceError("no page")) == "SourceError: no page"
    assert SourceError("no page").args == ("no page",)


def test_a_refusal_keeps_what_was_found_besides() -> None:
    other = SourceError("no page")
    refused = ImbalanceError("lost", remedy="look", verdicts=["a", "b"], besides=[other])
    assert (refused.verdicts, refused.besides) == (("a", "b"), (other,))
    assert str(refused) == "ImbalanceError: lost — look"


def test_a_refusal_alone_has_no_remedy_verdict_or_other_error() -> None:
    refused = GateRefused("lost")
    assert (refused.verdicts, refused.besides, str(refused)) == ((), (), "GateRefused: lost")
