"""The numbers of a row, from exact integers (design §7); no condition is decided on a double."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from .model import Thresholds
from .view import View

EXACT = Context(prec=50)
FRIDAY = 4


def growth(current: int, base: int, is_defined: bool) -> float | None:
    """current / base − 1 as a fraction; NULL unless defined and "the base > 0".

    >>> growth(5, 4, True), growth(5, 0, True), growth(5, 4, False)
    (0.25, None, None)
    """
    return float(Fraction(current - base, base)) if is_defined and base > 0 else None


def dod_pct(view: View) -> float | None:
    """Design: "u_D/u_{D-1} − 1 […] NULL unless both days are defined and the base > 0"."""
    return growth(view.users(0), view.users(1, 1), view.all_complete(1, 1))


def wow_pct(view: View) -> float | None:
    """Design: "u_D/u_{D-7} − 1 […] NULL unless both days are defined and the base > 0"."""
    return growth(view.users(0), view.users(7, 7), view.all_complete(7, 7))


def mom_pct(view: View) -> float | None:
    """Design: "NULL unless all 60 dates are complete, first_seen_date ≤ D-59 and the base > 0"."""
    is_seen = view.subject.first_seen <= view.day - timedelta(days=59)
    return growth(view.users(29), view.users(59, 30), is_seen and view.all_complete(59))


def consistency(values: list[int]) -> float | None:
    """Design: "sample stdev(u) / mean(u) over the n30 days […]; NULL if n30 < 2 or mean = 0".

    √((nQ − S²) / (n(n−1))) / (S/n) = √(n(nQ − S²) / ((n−1)S²)).
    """
    n, s, q = len(values), sum(values), sum(value * value for value in values)
    if n < 2 or s == 0:
        return None
    return math.sqrt(Fraction(n * (n * q - s * s), (n - 1) * s * s))


def usage_density(view: View) -> float | None:
    """Design: "e_D / u_D; NULL if u_D = 0"."""
    users = view.users(0)
    return float(Fraction(view.events(0), users)) if users else None


@dataclass(frozen=True)
class Monthly:
    """Distinct monthly users: bounds, estimate, method; `exact` is a moment before it is rounded and clamped."""

    lower: int
    upper: int
    estimate: int
    method: str
    exact: Fraction | None = None


def monthly_users(view: View) -> Monthly:
    """Design: "the largest active_users of a single record in 30 days, and Σ u over 30 days, bound" them."""
    lower = max((view.subject.largest.get(day, 0) for day in view.defined(29)), default=0)
    upper = view.users(29)
    workdays = [view.u(day) for day in view.observed(30) if day.weekday() <= FRIDAY]
    moment = binomial_moment(workdays)
    method = "geometric_mean" if moment is None else "binomial_moment"
    rounded = rounded_root(lower * upper) if moment is None else rounded_moment(moment)
    return Monthly(lower, upper, min(max(rounded, lower), upper), method, moment)


def binomial_moment(workdays: list[int]) -> Fraction | None:
    """The estimate, exact; None where its condition fails.

    Design: "S = Σu, Q = Σu², V = wQ − S², T = (w−1)S; if w ≥ 2, S > 0 and V < T (`binomial_moment`):
    p = (T−V)/T, est = S/(w·p)·(1 − (1−p)^w)".
    """
    w, s, q = len(workdays), sum(workdays), sum(u * u for u in workdays)
    v, t = w * q - s * s, (w - 1) * s
    if not (w >= 2 and s > 0 and v < t):
        return None
    p = Fraction(t - v, t)
    return s / (w * p) * (1 - (1 - p) ** w)


def rounded_moment(moment: Fraction) -> int:
    """Design: "half up to 6 decimals (so that the last bits of a power decide nothing), then half up".

    >>> [rounded_moment(Fraction(text)) for text in ("22.5", "22.4999995", "22.4999994", "22.499999", "0.5")]
    [23, 23, 22, 22, 1]
    """
    millionths = half_up(moment * 10**6)
    return half_up(Fraction(millionths, 10**6))


def half_up(amount: Fraction) -> int:
    """The nearest integer, the greater where two are."""
    return math.floor(amount + Fraction(1, 2))


def rounded_root(square: int) -> int:
    """√square rounded half up, on integers: r + ½ is never reached, for (r + ½)² = r² + r + ¼.

    >>> [rounded_root(n) for n in (0, 2, 3, 6, 7, 90)]
    [0, 1, 2, 2, 3, 9]
    """
    root = math.isqrt(square)
    return root + 1 if square > root * root + root else root


@dataclass(frozen=True)
class Engagement:
    """The score, 0–100 with 2 decimals, and "the components, each 0–1"."""

    score: float
    frequency: float
    recency: float
    breadth: float
    depth: float


def engagement(view: View, limits: Thresholds) -> Engagement:
    """Design: "100·(0.4·frequency + 0.2·recency + 0.2·breadth + 0.2·depth) rounded half up"."""
    silent, users_30d = view.days_since_last_active, view.users(29)
    days = max(len(view.observed(28)), limits.frequency_min_days)
    frequency = ratio(view.active_days(28), days)
    recency = Decimal(0) if silent is None else decay(ratio(silent, 1), limits.recency_scale_days)
    breadth = 1 - decay(ratio(view.users(6), len(view.observed(7))), limits.breadth_scale_users)
    density = ratio(view.events(29), users_30d) if users_30d else Decimal(0)
    depth = 1 - decay(density, limits.depth_scale_density)
    score = 100 * (
        limits.weight_frequency * frequency
        + limits.weight_recency * recency
        + limits.weight_breadth * breadth
        + limits.weight_depth * depth
    )
    rounded = score.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return Engagement(float(rounded), float(frequency), float(recency), float(breadth), float(depth))


def ratio(numerator: int, denominator: int) -> Decimal:
    """numerator / denominator to 50 digits, so that no rounding of ours decides a half."""
    return EXACT.divide(Decimal(numerator), Decimal(denominator))


def decay(amount: Decimal, scale: Decimal) -> Decimal:
    """exp(−amount/scale)."""
    return EXACT.exp(-EXACT.divide(amount, scale))
