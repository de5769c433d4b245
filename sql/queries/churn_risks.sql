-- Whom to call: the companies at risk on a day, those with the highest engagement score first.
SELECT
    company_id,
    company_name,
    churn_reasons,
    days_since_last_active,
    rolling_7d_active_users,
    last_contact_at,
    engagement_score,
    data_quality_flag
FROM analytics.company_activity_daily
WHERE
    activity_date = CAST('2025-11-23' AS DATE)
    AND churn_reasons <> ''
ORDER BY engagement_score DESC, company_id ASC;
