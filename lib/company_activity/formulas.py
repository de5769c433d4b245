"""How each column of the activity table follows from its inputs: what `explain` and the dictionary show.

D is the row's date; u and e are a day's active users and events. `sql/README.md` has the same texts, and a test holds
them equal. Constants are named, not written: they come from the settings of the metrics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from company_activity.dates import WEEK_DAYS

if TYPE_CHECKING:
    from company_activity.settings.model import MetricSettings


@dataclass(frozen=True)
class Formula:
    """A column's formula, and what it reads.

    `days` is how many calendar days that end on D it reads of the company's usage: whether each is complete, its
    records, and what was refused of it. `reads_crm`: it reads the CRM's attributes as of D. `reads_others`: how
    companies of its country, or all, fared for 60 days. `reads_weeks`: its days are this week and the weeks before it,
    which `churn.weeks` counts; `days` are those where it is six. Every formula may read when the company was first seen
    and first active. `null` says when the column is NULL; empty where it never is. `words` are the values of a column
    that holds words, each with its condition.
    """

    text: str
    days: int
    reads_crm: bool = False
    reads_others: bool = False
    reads_weeks: bool = False
    null: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    def with_constants(self, metrics: MetricSettings) -> Formula:
        """The formula with the numbers of these settings in its texts.

        >>> from company_activity.settings.model import MetricSettings
        >>> FORMULAS["engagement_recency"].with_constants(MetricSettings()).text
        'exp(−`days_since_last_active` / 14); 0 where that is NULL'
        """

        def filled(text: str) -> str:
            return text.format(
                engagement=metrics.engagement, churn=metrics.churn, contact=metrics.contact
            )

        words = {word: filled(condition) for word, condition in self.words.items()}
        formula = self.with_weeks(metrics.churn.weeks)
        return replace(formula, text=filled(self.text), words=words)

    def with_weeks(self, weeks: int) -> Formula:
        """The formula with the days that it reads where so many weeks before this one are looked at.

        >>> [FORMULAS["usual_user_days_7d"].with_weeks(weeks).days for weeks in (6, 7)]
        [49, 56]
        """
        return replace(self, days=WEEK_DAYS * (1 + weeks)) if self.reads_weeks else self


STATES = {
    "new": "active this week, and the first active day ever is in it",
    "returning": "active in both weeks, and not new",
    "resurrected": "active this week, silent the week before, and not new",
    "dormant": "silent this week, active the week before",
    "inactive": "silent in both weeks",
}
METHODS = {
    "binomial_moment": "w ≥ 2, S > 0 and V < T; the estimate is S/(w·p) · (1 − (1−p)^w) with p = (T−V)/T",
    "geometric_mean": "otherwise; the estimate is √(`mau_lower` · `mau_upper`)",
}
REASONS = {
    "DECLINING": "m ≥ {churn.least_weeks}, and with F = B · `fleet_pace` / (1000 m) and w = `rolling_7d_active_users`:"
    " w < {churn.declining_percent} % of F, and F − w ≥ {churn.declining_deviations} √F",
    "SILENT": "m < {churn.least_weeks}, `active_days_7d` = 0, and at most {churn.most_quiet_days} dates of [D−6, D] are"
    " quiet",
    "UNUSUAL_SILENCE": "m ≥ {churn.least_weeks}, g = `days_since_last_active` ≥ {churn.silence_min_days}, and"
    " Π(n−a+1) / Π(n+2) ≤ {churn.silence_per_mille} ‰ over the dates of [D−g+1, D] that are complete and not quiet: of"
    " the n complete dates of its weekday in the {churn.weeks} weeks before this one, from the first known day on, a"
    " were active",
}
BASELINE = (
    "m of the {churn.weeks} weeks [D−6−7j, D−7j] before this one are whole (each date complete, and the company known),"
    " and B is their Σu"
)
QUIET = (
    "a date is quiet if fewer companies were active than {churn.quiet_percent} % of the lower median over the same"
    " weekday of the {churn.weeks} weeks before it, as far as those are complete and in [D−59, D], at least"
    " {churn.least_weeks}; counted in the company's country if {churn.fleet_companies} were active there on some date,"
    " else among all"
)
FLAGS = {
    "WINDOW_INCOMPLETE": "a date of [D−29, D] is missing, from the company's first known day on",
    "UNKNOWN_COMPANY": "`company_name` is `UNKNOWN`: the CRM does not have the company, or has no name for it",
    "ATTRIBUTES_BACKDATED": "name, country, industry, owner and segment come from a later snapshot",
    "QUARANTINED_RECORDS": "a usage record of this company and D was refused",
    "CONFLICTING_DUPLICATES": "two records of D had the same time and different numbers; the later was taken",
    "WARMUP": "fewer than 30 days of the company are known",
    "OK": "none of these",
}
WEEKDAYS = (
    "over the w Mondays to Fridays among the complete dates of [D−29, D] on which the company was known:"
    " S = Σu, Q = Σu², V = wQ − S², T = (w−1)S"
)
OF_ITS_OWN_DATES = Formula(
    "as `company_name`, but never backdated",
    days=0,
    reads_crm=True,
    null="where the CRM has none for D; where attributes are backdated",
)

FORMULAS: Mapping[str, Formula] = {
    "company_id": Formula("trimmed; compared by code point: `c_101` is not `C_101`", days=0),
    "activity_date": Formula("a complete date: a missing one has no rows", days=0),
    "company_name": Formula(
        "that of the newest snapshot up to D that has the company; without one, of its first snapshot if that comes 1"
        " to 60 days after D (backdated); `UNKNOWN` where there is none or it has no name",
        days=0,
        reads_crm=True,
    ),
    "country": Formula(
        "as `company_name`", days=0, reads_crm=True, null="where the CRM has none for D"
    ),
    "industry_tag": Formula(
        "as `company_name`", days=0, reads_crm=True, null="where the CRM has none for D"
    ),
    "last_contact_at": OF_ITS_OWN_DATES,
    "owner": Formula(
        "as `company_name`", days=0, reads_crm=True, null="where the CRM has none for D"
    ),
    "segment": Formula(
        "as `company_name`", days=0, reads_crm=True, null="where the CRM has none for D"
    ),
    "seats": OF_ITS_OWN_DATES,
    "contract_value": OF_ITS_OWN_DATES,
    "renewal_on": OF_ITS_OWN_DATES,
    "active_users": Formula("u: sum over the day's accepted records, each kept once", days=1),
    "events": Formula("e: sum over the same records as `active_users`", days=1),
    "rolling_7d_active_users": Formula("Σ u over [D−6, D]", days=7),
    "rolling_30d_events": Formula("Σ e over [D−29, D]", days=30),
    "active_days_7d": Formula("days with u > 0 in [D−6, D]", days=7),
    "active_days_28d": Formula("days with u > 0 in [D−27, D]", days=28),
    "days_since_last_active": Formula(
        "D − last day with u > 0 in [D−59, D]", days=60, null="where nobody was active in [D−59, D]"
    ),
    "activity_consistency_30d": Formula(
        "sample standard deviation of u / mean of u, over the complete dates of [D−29, D] on which the company was"
        " known, zeros included",
        days=30,
        null="where fewer than 2 days count, or nobody was active",
    ),
    "active_users_dod_pct": Formula(
        "u(D) / u(D−1) − 1", days=2, null="unless D−1 is complete, with u > 0"
    ),
    "active_users_wow_pct": Formula(
        "u(D) / u(D−7) − 1", days=8, null="unless D−7 is complete, with u > 0"
    ),
    "active_users_mom_pct": Formula(
        "Σu [D−29, D] / Σu [D−59, D−30] − 1",
        days=60,
        null="unless all 60 dates are complete, the company was known on D−59 and the base > 0",
    ),
    "usage_density": Formula("e / u", days=1, null="where u = 0"),
    "lifecycle_state": Formula(
        "by activity (u > 0) in this week [D−6, D] and in the week before [D−13, D−7]",
        days=14,
        null="where one of the two weeks shows no activity and misses a date, from the company's first known day on",
        words=STATES,
    ),
    "mau_lower": Formula("the largest `active_users` of a single record in [D−29, D]", days=30),
    "mau_upper": Formula("Σ u over [D−29, D]", days=30),
    "est_monthly_active_users": Formula(
        "by `mau_method`, which defines w, S, V and T; rounded half up, kept within the bounds",
        days=30,
        words=METHODS,
    ),
    "mau_method": Formula(WEEKDAYS, days=30, words=METHODS),
    "seat_utilisation_lower": Formula(
        "`mau_lower` / `seats`", days=30, reads_crm=True, null="where `seats` is NULL or 0"
    ),
    "seat_utilisation_upper": Formula(
        "`mau_upper` / `seats`", days=30, reads_crm=True, null="where `seats` is NULL or 0"
    ),
    "engagement_score": Formula(
        "100 · ({engagement.weight_frequency} frequency + {engagement.weight_recency} recency"
        " + {engagement.weight_breadth} breadth + {engagement.weight_depth} depth), rounded half up",
        days=60,
    ),
    "engagement_frequency": Formula(
        "`active_days_28d` / max(n, {engagement.min_days}), n the complete dates of [D−27, D] on which the company was"
        " known",
        days=28,
    ),
    "engagement_recency": Formula(
        "exp(−`days_since_last_active` / {engagement.recency_days:g}); 0 where that is NULL",
        days=60,
    ),
    "engagement_breadth": Formula(
        "1 − exp(−m / {engagement.breadth_users:g}), m the mean daily users over the complete dates of [D−6, D] on"
        " which the company was known",
        days=7,
    ),
    "engagement_depth": Formula(
        "1 − exp(−x / {engagement.depth_events:g}), x = Σe / Σu over [D−29, D]; 0 where Σu = 0",
        days=30,
    ),
    "usual_user_days_7d": Formula(
        f"B / m; {BASELINE}",
        days=49,
        reads_weeks=True,
        null="where fewer than the least number of weeks are whole",
    ),
    "fleet_pace": Formula(
        "lower median of ⌊1000 m w / B⌋, w the week's Σu, over the companies of the country with m ≥"
        " {churn.least_weeks} and B ≥ {churn.fleet_user_days} m; over those of all countries where they are fewer than"
        " {churn.fleet_companies} or the country is NULL, and 1000 where those are; at most 1000",
        days=0,
        reads_crm=True,
        reads_others=True,
        null="where a date of [D−6, D] is missing",
    ),
    "missing_user_days_7d": Formula(
        "B · `fleet_pace` / (1000 m) − `rolling_7d_active_users`, at least 0, rounded half up",
        days=49,
        reads_weeks=True,
        reads_crm=True,
        reads_others=True,
        null="where `usual_user_days_7d` or `fleet_pace` is",
    ),
    "is_churn_risk": Formula(
        f"at least one reason holds. {BASELINE}; {QUIET}",
        days=49,
        reads_weeks=True,
        reads_crm=True,
        reads_others=True,
        null="where a date of [D−6, D] is missing, or a usage record of the company that landed for one of them was"
        " refused",
        words=REASONS,
    ),
    "churn_reasons": Formula(
        "those that hold, each only where `is_churn_risk` is not NULL and `days_since_last_active` <"
        " {churn.gone_after_days}",
        days=49,
        reads_weeks=True,
        reads_crm=True,
        reads_others=True,
        words=REASONS,
    ),
    "churn_reasons_text": Formula(
        "the words of `churn_reasons`, separated by commas; the empty text where there is none",
        days=49,
        reads_weeks=True,
        null="in rows last written before 0.2",
        reads_crm=True,
        reads_others=True,
        words=REASONS,
    ),
    "is_contact_due": Formula(
        "`rolling_7d_active_users` ≤ {contact.low_use_user_days}, all dates of [D−6, D] complete,"
        " `days_since_last_active` not NULL, and the last contact known on D is more than {contact.no_contact_days}"
        " days old or there never was one, for a company that the CRM has on D",
        days=60,
        null="where 0.2 or an older version wrote the row last",
        reads_crm=True,
    ),
    "source": Formula(
        "`product_api`: no snapshot up to D + 60 days has it; else `merged`: there is an accepted usage record on D,"
        " even one with 0; else `crm_csv`",
        days=1,
        reads_crm=True,
    ),
    "data_quality_flag": Formula(
        "the first that holds, in this order", days=30, reads_crm=True, words=FLAGS
    ),
    "days_observed_7d": Formula(
        "complete dates of [D−6, D], the same on each row of D, whatever the company's first day",
        days=7,
    ),
    "days_observed_30d": Formula("complete dates of [D−29, D], as for `days_observed_7d`", days=30),
    "metric_version": Formula("`metric_version` of `conf/metrics.yaml`", days=0),
    "run_id": Formula("noted in each row of the date that the run wrote", days=0),
    "created_at": Formula("kept when the date is rewritten", days=0),
    "updated_at": Formula("a rebuild that changes nothing does not rewrite", days=0),
}
