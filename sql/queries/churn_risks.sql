-- Whom to call: the companies at risk on a day, those that miss most user-days first, and since when they are at risk.
SELECT
    activity.company_id,
    activity.company_name,
    activity.owner,
    activity.segment,
    activity.churn_reasons,
    episodes.started_on AS risk_since,
    activity.missing_user_days_7d,
    activity.rolling_7d_active_users,
    activity.usual_user_days_7d,
    activity.fleet_pace,
    activity.days_since_last_active,
    activity.last_contact_at,
    activity.contract_value,
    activity.renewal_on,
    activity.data_quality_flag
FROM analytics.company_activity_daily AS activity
LEFT JOIN analytics.risk_episodes AS episodes
    ON
        activity.company_id = episodes.company_id
        AND activity.activity_date BETWEEN episodes.started_on AND episodes.last_flagged_on
WHERE
    activity.activity_date = CAST('2025-11-23' AS DATE)
    AND activity.churn_reasons <> ''
ORDER BY
    CASE WHEN activity.missing_user_days_7d IS NULL THEN 1 ELSE 0 END ASC,
    activity.missing_user_days_7d DESC,
    activity.company_id ASC;
