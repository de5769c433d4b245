"""The parts of the code that are mutated, and the tests that judge the mutants."""

from __future__ import annotations

from dataclasses import dataclass

LANDING = "io/landing"
WAREHOUSE = "io/warehouse"


@dataclass(frozen=True)
class Part:
    """Some modules, and the plain tests (no JVM) that have to notice a change in them.

    `modules` are patterns below `lib/company_activity`, `but` what they match too much.
    `functions` are patterns of mutants' names, where only some functions of the modules count.
    Doctests of `examples` judge besides `tests`. `without` are tests that take long, measure time or start processes.
    """

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    but: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


PARTS = (
    Part(
        "redaction",
        modules=(
            "errors.py",
            "settings/model.py",
            "settings/loading.py",
            "io/secrets/in_urls.py",
            "io/api/api_url.py",
            "io/warehouse/redaction.py",
            "io/warehouse/target.py",
        ),
        functions=(
            "company_activity.errors.*",
            "company_activity.settings.model.xǁSecret*",
            "company_activity.settings.loading.x__as_settings_error*",
            "company_activity.settings.loading.x__unknown_setting*",
            "company_activity.io.secrets.in_urls.*",
            "company_activity.io.api.api_url.*",
            "company_activity.io.warehouse.redaction.*",
            "company_activity.io.warehouse.target.*",
        ),
        tests=(
            "test_errors.py",
            "io/secrets/test_in_urls.py",
            "io/api/test_api_url.py",
            "io/warehouse/test_redaction.py",
            "io/warehouse/test_target.py",
            "io/warehouse/test_entra.py",
            "settings/test_loading.py",
        ),
        examples=(
            "errors.py",
            "settings/model.py",
            "io/secrets/in_urls.py",
            "io/api/api_url.py",
            "io/warehouse/target.py",
        ),
    ),
    Part(
        "planning",
        modules=("planning/*.py",),
        tests=(
            "planning",
            "operations/test_explanation.py",
            "operations/test_news_files.py",
            "operations/test_plan.py",
            "operations/test_replay.py",
            "operations/test_rollback.py",
            "steps/test_admit_crm.py",
            "steps/test_build_activity.py",
            "steps/test_notify.py",
            "test_state_size.py",
        ),
        examples=("planning",),
        without=(
            "test_random_histories",
            "test_a_replay_waits",
            "test_a_rollback_waits",
            "test_the_largest_state",
            "test_a_quarantine_of_87_672_files",
        ),
    ),
    Part(
        "publishing",
        modules=tuple(
            f"{WAREHOUSE}/{name}.py"
            for name in (
                "batch",
                "by_date",
                "by_key",
                "jdbc_url",
                "ledger",
                "mirror",
                "publishing",
                "replace",
                "retries",
                "statements",
                "target_of",
            )
        ),
        tests=(WAREHOUSE,),
        examples=(WAREHOUSE,),
        without=("test_pg_binary.py", "test_reading_it_loads_no_spark"),
    ),
    Part(
        "landing",
        modules=(f"{LANDING}/*.py",),
        but=(f"{LANDING}/usage_frame.py",),
        tests=(LANDING,),
        examples=(LANDING,),
        without=("test_blob_landing.py", "test_landing_properties.py", "test_the_staging_table_names_no_path"),
    ),
)


def part_named(name: str) -> Part:
    """The part of that name.

    >>> part_named("planning").modules
    ('planning/*.py',)
    """
    [found] = [part for part in PARTS if part.name == name]
    return found
