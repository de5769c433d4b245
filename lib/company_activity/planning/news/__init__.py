"""What is news to whom: a function of the risk episodes and of what each recipient was told. Plain Python, no clock.

A piece of news is (company, kind, date). It follows from the difference between an episode as it is and as the
recipient was last told of it, so it stays due until a message that holds it was delivered:

    found = news_for(episodes, ledger, today, recipients)
    ledger = told(ledger, {recipient: found[recipient] for recipient in delivered})
"""

from company_activity.planning.news.due import news_for
from company_activity.planning.news.ledger import Ledger, needed_from, told
from company_activity.planning.news.piece import (
    ENTERED,
    KINDS,
    LEFT,
    RECOVERED,
    WITHDRAWN,
    WORSENED,
    Episode,
    News,
)
from company_activity.planning.news.recipients import Audience, Recipients
from company_activity.planning.news.today import Today

__all__ = [
    "ENTERED",
    "KINDS",
    "LEFT",
    "RECOVERED",
    "WITHDRAWN",
    "WORSENED",
    "Audience",
    "Episode",
    "Ledger",
    "News",
    "Recipients",
    "Today",
    "needed_from",
    "news_for",
    "told",
]
