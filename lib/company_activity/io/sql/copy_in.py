"""PostgreSQL's COPY over the connection that holds the transaction: rows go in as Spark has them ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from company_activity.io.sql.jdbc import Connection, driver_jvm, failures
from company_activity.io.sql.pg_binary import SIGNATURE, TRAILER, as_chunks


def copy_in(connection: Connection, statement: str, slices: Sequence[DataFrame]) -> None:
    """Run `COPY … FROM STDIN (FORMAT binary)` with the rows of all slices; one is read while the other is sent.

    Two slices at a time lie in the driver's memory. A failure, here or in Spark, ends the COPY without a row of it.

    Raises:
        SqlError: if the server refuses the statement or a row, or is lost; if Spark fails.
    """
    with failures(connection.target):
        copy = connection.java.getCopyAPI().copyIn(statement)
        try:
            send = _sender(slices[0].sparkSession, copy)
            copy.writeToCopy(SIGNATURE, 0, len(SIGNATURE))
            for rows in _read_ahead(slices):
                for row in rows:
                    send(row)
            copy.writeToCopy(TRAILER, 0, len(TRAILER))
            copy.endCopy()
        except BaseException:
            with suppress(Exception):  # the connection is lost, or the server has ended the COPY already
                copy.cancelCopy()
            raise


def _read_ahead(slices: Iterable[DataFrame]) -> Iterator[Any]:
    """Each slice's chunks as rows in the JVM, while the next slice is read."""
    with ThreadPoolExecutor(1) as reader:
        coming = None
        for rows in slices:
            ready, coming = coming, reader.submit(_collected, rows)
            if ready is not None:
                yield ready.result()
                del ready  # while it is referred to, the JVM keeps its rows
        if coming is not None:
            yield coming.result()


def _collected(rows: DataFrame) -> Any:
    return as_chunks(rows)._jdf.collect()


def _sender(spark: SparkSession, copy: Any) -> Callable[[Any], None]:
    """Writes a row's chunk without its bytes leaving the JVM, where py4j would copy them to Python and back.

    A row holds just what `writeToCopy` takes, so it becomes the arguments of a call by reflection.
    """
    jvm, gateway = driver_jvm(spark), spark.sparkContext._gateway
    assert gateway is not None
    kinds, arguments = gateway.new_array(jvm.Class, 3), gateway.new_array(jvm.Object, 3)
    for place, kind in enumerate((jvm.Class.forName("[B"), jvm.Integer.TYPE, jvm.Integer.TYPE)):
        kinds[place] = kind
    write = copy.getClass().getMethod("writeToCopy", kinds)

    def send(row: Any) -> None:
        row.toSeq().copyToArray(arguments)
        write.invoke(copy, arguments)

    return send
