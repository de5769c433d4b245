-- One company over a quarter: its use, its state, and the caveat of each date.
SELECT
    activity_date,
    active_users,
    events,
    rolling_7d_active_users,
    usual_user_days_7d,
    missing_user_days_7d,
    fleet_pace,
    active_users_wow_pct,
    engagement_score,
    lifecycle_state,
    churn_reasons,
    data_quality_flag
FROM analytics.company_activity_daily
WHERE
    company_id = 'c_126'
    AND activity_date BETWEEN CAST('2025-08-26' AS DATE) AND CAST('2025-11-23' AS DATE)
ORDER BY activity_date ASC;
