-- How often in a row workers did not take a job: the pauses between grow, and in the end it counts as an attempt.

ALTER TABLE jobs ADD COLUMN declines INTEGER NOT NULL DEFAULT 0 CHECK (declines >= 0);
