"""Who takes part: forty roles, one company each; a larger sample plays the same roles again."""

from dataclasses import dataclass
from typing import Literal

Pattern = Literal["steady", "growing", "weekend", "weekly", "shrinking", "stopped", "faded", "paused", "late", "zeros"]
Notation = Literal["zulu", "plus2", "minus5", "date", "fraction", "nanos", "minutes", "blank"]

LONG_AGO = 1_000  # days between contacts: the last one lies before the first snapshot
NEVER = 0
CHURNS: tuple[Pattern, ...] = ("stopped", "faded")


@dataclass(frozen=True)
class Role:
    """How a company behaves.

    `day` is when the pattern turns (stops, has faded, pauses, starts), in days before the last date of the
    sample; `length` how many days the turn takes; `shifts` the largest number of records a day; `contact`
    the days between two contacts; `snapshot` the first of the four CRM snapshots that knows the company, None
    when none ever does; a `twin`'s id differs from that of the first company of the cast only in case.
    """

    name: str
    country: str
    industry: str
    users: int
    pattern: Pattern = "steady"
    day: int = 0
    length: int = 0
    shifts: int = 1
    ts: Notation = "zulu"
    contact: int = 14
    snapshot: int | None = 0
    twin: bool = False


@dataclass(frozen=True)
class Company:
    """One company of the sample: `number` counts from 0 and seeds its users."""

    company_id: str
    number: int
    name: str
    role: Role


ROLES = (
    Role("Harbour Freight Lines", "US", "logistics", 24, shifts=2),
    Role("Bits & Pieces", "UK", "software", 12),
    Role("Bright Solar", "DE", "energy", 18),
    Role("Green Acres", "EG", "agriculture", 30, "growing"),
    Role('Joe\'s "Best" Bakery', "US", "food", 5),
    Role("Müller, Söhne & Co. KG", "DE", "manufacturing", 40, shifts=3),
    Role("Weekend Cinemas", "FR", "leisure", 16, "weekend"),
    Role("Łódź Żagle", "PL", "leisure", 9, ts="plus2"),
    Role("株式会社サンプル", "JP", "electronics", 22, ts="minus5", shifts=2),
    Role("Null Island", "NA", "travel", 14, "growing"),
    Role("<script>alert(1)</script> & Sons", "UK", "retail", 11),
    Role("🚀 Launch GmbH", "AT", "aerospace", 8, ts="fraction"),
    Role("North, South \\", "CA", "construction", 15, contact=21),
    Role("Sunrise\nMedical", "US", "health", 33, shifts=2, contact=5),
    Role("  Padded Ltd ", "UK", "textiles", 7, ts="blank"),
    Role("Robert'); DROP TABLE companies;--", "US", "education", 6, ts="date"),
    Role("Smith, Jones and Partners", "US", "legal", 19),
    Role("شركة النيل", "EG", "transport", 10, ts="nanos", contact=LONG_AGO),
    Role("=SUM(A1:A9)", "CH", "finance", 1, "weekly", ts="minutes", contact=60),
    Role("Grand Union", "US", "retail", 60, shifts=3, ts="plus2", contact=3),
    Role("Last Candle", "SE", "retail", 12, "shrinking", day=30, length=10, contact=LONG_AGO),
    Role("Slow Fade Studios", "US", "media", 9, "shrinking", day=20, length=14, contact=10),
    Role("Old Mill", "SE", "textiles", 10, "stopped", day=75, contact=LONG_AGO),
    Role("Cut Cable", "NO", "telecom", 21, "stopped", day=40, contact=7, shifts=2),
    Role("Red Ledger", "IT", "finance", 8, "stopped", day=19, contact=LONG_AGO),
    Role("Sudden Stop", "ES", "transport", 17, "stopped", day=6, contact=8),
    Role("Gone Fishing", "PT", "food", 14, "faded", day=62, length=14, contact=NEVER),
    Role("Autumn Leaves", "CA", "retail", 26, "faded", day=33, length=20, contact=12),
    Role("Ebb Tide", "NL", "shipping", 11, "faded", day=15, length=12, contact=LONG_AGO),
    Role("Falling Water", "US", "utilities", 28, "faded", day=4, length=14, contact=9, shifts=2),
    Role("Summer Camp", "US", "education", 13, "paused", day=60, length=18),
    Role("Long Holiday", "FR", "travel", 20, "paused", day=35, length=25, contact=LONG_AGO),
    Role("New Dawn", "KE", "energy", 10, "late", day=45, snapshot=1),
    Role("Eleventh Hour", "BR", "software", 16, "late", day=25, snapshot=2),
    Role("Quiet Corner", "IS", "books", 0, contact=NEVER),
    Role("Silent Partners", "LU", "finance", 0, contact=30, snapshot=1),
    Role("Idle Instruments", "CZ", "music", 0, "zeros"),
    Role("Paperwork Pending", "IN", "consulting", 12, snapshot=3),
    Role("", "", "", 9, snapshot=None),
    Role("", "", "", 4, snapshot=None, twin=True),
)


def company(number: int) -> Company:
    """The company that plays role `number` modulo the size of the cast.

    >>> company(1).company_id, company(1).name, company(41).company_id, company(41).name
    ('c_102', 'Bits & Pieces', 'c_142', 'Bits & Pieces 2')
    >>> company(39).company_id  # another company than c_101
    'C_101'
    """
    turn, place = divmod(number, len(ROLES))
    role = ROLES[place]
    company_id = f"C_{101 + turn * len(ROLES)}" if role.twin else f"c_{101 + number}"
    return Company(company_id, number, f"{role.name} {turn + 1}" if turn else role.name, role)
