-- Days whose served rows are not those that the ledger says were published: none, unless someone else writes here.
WITH newest AS (
    SELECT
        table_name,
        scope,
        MAX(seq) AS seq
    FROM etl.publish_ledger
    WHERE table_name = 'analytics.company_activity_daily'
    GROUP BY table_name, scope
),

published AS (
    SELECT
        ledger.scope,
        ledger.row_count,
        ledger.run_id,
        ledger.published_at
    FROM etl.publish_ledger AS ledger
    INNER JOIN newest
        ON
            ledger.table_name = newest.table_name
            AND ledger.seq = newest.seq
),

served AS (
    SELECT
        CAST(activity_date AS VARCHAR(10)) AS scope,
        COUNT(*) AS row_count
    FROM analytics.company_activity_daily
    GROUP BY activity_date
)

SELECT
    published.run_id,
    published.published_at,
    COALESCE(published.scope, served.scope) AS activity_date,
    COALESCE(published.row_count, 0) AS rows_published,
    COALESCE(served.row_count, 0) AS rows_served
FROM published
FULL OUTER JOIN served
    ON published.scope = served.scope
WHERE COALESCE(published.row_count, 0) <> COALESCE(served.row_count, 0)
ORDER BY COALESCE(published.scope, served.scope) ASC;
