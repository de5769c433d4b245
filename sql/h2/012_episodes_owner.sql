-- Of analytics.risk_episodes: owner is new.
ALTER TABLE analytics.risk_episodes
ADD COLUMN IF NOT EXISTS owner VARCHAR(2048) NULL;
