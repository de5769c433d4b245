"""Stage landed lines of one date with DuckDB, into Parquet: SOURCE TARGET DATE.

It parses each line, applies the same rules as SQL over its JSON functions, and keeps the later of each company and time.
"""

from __future__ import annotations

import sys
from datetime import date

import duckdb

from benchmarks.peers.told import Stopwatch

TIME = r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?"
STATEMENT = """
COPY (
  WITH lines AS (
    SELECT column0 AS line
    FROM read_csv('{source}', columns = {{'column0': 'VARCHAR'}}, delim = '\\x01', quote = '', escape = '',
                  header = false, auto_detect = false, max_line_size = 1000000)
  ),
  typed AS (
    SELECT json_extract(line, '$.company_id') AS id,
           json_extract(line, '$.active_users') AS users,
           json_extract(line, '$.events') AS events,
           json_extract_string(line, '$.ts') AS ts,
           CAST(json_extract(line, '$._page') AS BIGINT) AS page,
           CAST(json_extract(line, '$._item') AS BIGINT) AS item
    FROM lines
  ),
  good AS (
    SELECT trim(CAST(id ->> '$' AS VARCHAR), ' ') AS company_id,
           CAST(users AS BIGINT) AS active_users,
           CAST(events AS BIGINT) AS events,
           try_cast(ts AS TIMESTAMPTZ) AS ts,
           page,
           item
    FROM typed
    WHERE json_type(id) = 'VARCHAR' AND json_type(users) = 'UBIGINT' AND json_type(events) = 'UBIGINT'
      AND CAST(users AS BIGINT) <= 1000000000 AND CAST(events AS BIGINT) <= 1000000000
      AND regexp_full_match(ts, '{time}')
      AND length(trim(CAST(id ->> '$' AS VARCHAR), ' ')) BETWEEN 1 AND 64
  )
  SELECT company_id, ts, arg_max(active_users, (page, item)) AS active_users, arg_max(events, (page, item)) AS events
  FROM good
  WHERE CAST(ts AS DATE) = DATE '{day}'
  GROUP BY company_id, ts
) TO '{target}' (FORMAT parquet)
"""


def main(source: str, target: str, day: date) -> None:
    watch = Stopwatch()
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(STATEMENT.format(source=source, target=target, day=day, time=TIME))
    watch.tell()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], date.fromisoformat(sys.argv[3]))
