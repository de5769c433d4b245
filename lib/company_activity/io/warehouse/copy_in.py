"""PostgreSQL's COPY over the connection that holds the transaction: rows go in as Spark has them ready."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from company_activity.io.warehouse.jdbc import Connection, driver_jvm, failures
from company_activity.io.warehouse.pg_binary import SIGNATURE, TRAILER, as_chunks

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

AHEAD = 2  # slices that are read while one is sent


def copy_in(connection: Connection, statement: str, slices: Sequence[DataFrame]) -> None:
    """Run `COPY … FROM STDIN (FORMAT binary)` with the rows of all slices; others are read while one is sent.

    At most three slices lie in the driver's memory. A failure, here or in Spark, ends the COPY without a row of it.

    Raises:
        SqlError: if the server refuses the statement or a row, or is lost; if Spark fails.
    """
    with failures(connection.target):
        copy = connection.java.getCopyAPI().copyIn(statement)
        try:
            send = _sender(slices[0].sparkSession, copy)
            copy.writeToCopy(SIGNATURE, 0, len(SIGNATURE))
            with closing(_chunks(slices)) as chunks:
                for chunk in chunks:
                    send(chunk)
            copy.writeToCopy(TRAILER, 0, len(TRAILER))
            copy.endCopy()
        except BaseException:
            with suppress(
                Exception
            ):  # the connection is lost, or the server has ended the COPY already
                copy.cancelCopy()
            raise


def _chunks(slices: Iterable[DataFrame]) -> Generator[Any, None, None]:
    """Each slice's chunks, rows of the JVM, while the next slices are read; a slice sent is kept by nobody."""
    with ThreadPoolExecutor(AHEAD) as readers:
        coming = deque[Future[Any]]()
        for rows in slices:
            coming.append(readers.submit(_collected, rows))
            if len(coming) > AHEAD:
                yield from coming.popleft().result()
        while coming:
            yield from coming.popleft().result()


def _collected(rows: DataFrame) -> Any:
    return as_chunks(rows)._jdf.collect()


def _sender(spark: SparkSession, copy: Any) -> Callable[[Any], None]:
    """Writes a chunk without its bytes leaving the JVM, where py4j would copy them to Python and back.

    Its row holds just what `writeToCopy` takes, so it becomes the arguments of a call by reflection.
    """
    jvm = driver_jvm(spark)
    gateway = spark.sparkContext._gateway
    assert gateway is not None  # noqa: S101 — for mypy: `driver_jvm` found it
    kinds = gateway.new_array(jvm.Class, 3)
    arguments = gateway.new_array(jvm.Object, 3)
    for place, kind in enumerate((jvm.Class.forName("[B"), jvm.Integer.TYPE, jvm.Integer.TYPE)):
        kinds[place] = kind
    write = copy.getClass().getMethod("writeToCopy", kinds)

    def send(chunk: Any) -> None:
        chunk.toSeq().copyToArray(arguments)
        write.invoke(copy, arguments)

    return send
