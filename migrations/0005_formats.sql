-- In which format the work of a job is written (StoredWork). A release fails the jobs whose format is newer than its own,
-- each by itself.

ALTER TABLE jobs ADD COLUMN work_format INTEGER NOT NULL DEFAULT 1 CHECK (work_format > 0);
