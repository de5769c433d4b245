-- One company's curve over a quarter: its use, its state, and the caveat of each day.
SELECT
    activity_date,
    active_users,
    events,
    rolling_7d_active_users,
    active_users_wow_pct,
    engagement_score,
    lifecycle_state,
    churn_reasons,
    data_quality_flag
FROM analytics.company_activity_daily
WHERE
    company_id = 'c001'
    AND activity_date BETWEEN CAST('2025-01-01' AS DATE) AND CAST('2025-03-31' AS DATE)
ORDER BY activity_date ASC;
