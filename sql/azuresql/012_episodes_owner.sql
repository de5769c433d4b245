-- Of analytics.risk_episodes: owner is new.
IF COL_LENGTH(N'analytics.risk_episodes', N'owner') IS NULL
    ALTER TABLE analytics.risk_episodes
    ADD owner NVARCHAR(2048) COLLATE Latin1_General_100_BIN2 NULL;
