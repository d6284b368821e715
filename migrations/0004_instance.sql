-- Which of several agents under one name a worker is: only that one may take the name over while jobs are held.

ALTER TABLE workers ADD COLUMN instance TEXT CHECK (length(instance) = 32);
