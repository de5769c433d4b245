-- Is a date fit to use? Rows and companies (must be equal), sums, caveats, how many are at risk and not judged,
-- how many of the week's 7 dates are complete, and which run wrote it, when.
SELECT
    activity_date,
    COUNT(*) AS row_count,
    COUNT(DISTINCT company_id) AS companies,
    SUM(active_users) AS active_users,
    SUM(events) AS events,
    SUM(CASE WHEN data_quality_flag = 'OK' THEN 0 ELSE 1 END) AS rows_with_a_caveat,
    SUM(CASE WHEN churn_reasons = '' THEN 0 ELSE 1 END) AS churn_risks,
    SUM(CASE WHEN is_churn_risk IS NULL THEN 1 ELSE 0 END) AS not_judged,
    MIN(days_observed_7d) AS complete_dates_of_the_week,
    MIN(run_id) AS run_id,
    MAX(updated_at) AS updated_at
FROM analytics.company_activity_daily
WHERE activity_date = CAST('2025-11-23' AS DATE)
GROUP BY activity_date;
