-- Dates whose served rows differ in number from those in the ledger: none, unless somebody else writes here.
WITH newest AS (
    SELECT
        scope,
        MAX(seq) AS seq
    FROM etl.publish_ledger
    WHERE table_name = 'analytics.company_activity_daily'
    GROUP BY scope
),

both_sides AS (
    SELECT
        newest.scope AS activity_date,
        published.row_count AS rows_published,
        0 AS rows_served
    FROM newest
    INNER JOIN etl.publish_ledger AS published
        ON
            newest.seq = published.seq
            AND published.table_name = 'analytics.company_activity_daily'
    UNION ALL
    SELECT
        CAST(activity_date AS VARCHAR(10)) AS activity_date,
        0 AS rows_published,
        COUNT(*) AS rows_served
    FROM analytics.company_activity_daily
    GROUP BY activity_date
)

SELECT
    activity_date,
    SUM(rows_published) AS rows_published,
    SUM(rows_served) AS rows_served
FROM both_sides
GROUP BY activity_date
HAVING SUM(rows_published) <> SUM(rows_served)
ORDER BY activity_date ASC;
