"""Ask the warehouse which driver it is reached through, before anything is published."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import SparkSession

from company_activity.io.warehouse.driver import Driver
from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.settings.model import Settings


@dataclass(frozen=True)
class Answer:
    """The driver that answered, and what to know of it; `advice` is empty where there is nothing."""

    driver: Driver
    advice: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join([str(self.driver), *self.advice])


def answering_driver(spark: SparkSession, settings: Settings, again: str) -> Answer:
    """Connect, and say through which driver; nothing is changed. `again` is the command to repeat.

    Raises:
        SettingsError: as `open_warehouse`.
        PublishError: if the warehouse cannot be reached.
    """
    warehouse = open_warehouse(spark, settings)
    with warehouse.reported("connecting", again):
        driver = warehouse.asked(lambda connection: connection.driver)
    return Answer(driver, tuple(warehouse.dialect.driver_advice(driver)))
