-- The oldest build comes first, whatever the clock did meanwhile: ready_at says only from when on a job that failed or
-- was declined may be claimed again, and is 0 for one that need not wait.

DROP INDEX jobs_ready;
CREATE INDEX jobs_ready ON jobs(id) WHERE state = 'ready';
UPDATE jobs SET ready_at = 0 WHERE state = 'ready' AND reason IS NULL;
