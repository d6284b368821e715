-- The queue: what was asked for, what has to be done for it, who does it, and what came of it.
-- Times are milliseconds since 1970-01-01T00:00:00Z; *_json columns hold canonical JSON of the types in Sources/Protocol
-- and Sources/Spec. Logs and artifacts are files (docs/architecture.md); here are only their names.

CREATE TABLE builds(
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 26),
    -- Who submitted, and the key that makes submitting twice one build.
    submitted_by TEXT NOT NULL CHECK (submitted_by <> ''),
    idempotency_key TEXT NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    spec_digest TEXT NOT NULL CHECK (spec_digest GLOB 'sha256:*'),
    spec_json TEXT NOT NULL CHECK (spec_json <> ''),
    title TEXT NOT NULL,
    warnings_json TEXT NOT NULL CHECK (warnings_json <> ''),
    no_cache INTEGER NOT NULL CHECK (no_cache IN (0, 1)),
    source_date_epoch INTEGER,
    submitted_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'expired')),
    ended_at INTEGER,
    verdict_json TEXT CHECK (verdict_json <> ''),
    UNIQUE (submitted_by, idempotency_key),
    CHECK ((ended_at IS NULL) = (state IN ('queued', 'running'))),
    CHECK ((verdict_json IS NULL) = (ended_at IS NULL))
) STRICT;

CREATE INDEX builds_open ON builds(id) WHERE ended_at IS NULL;

CREATE TABLE jobs(
    -- <build>.<name>
    id TEXT PRIMARY KEY NOT NULL CHECK (id = build || '.' || name),
    build TEXT NOT NULL REFERENCES builds(id),
    -- Its place in the plan: every job comes after those it needs.
    place INTEGER NOT NULL CHECK (place >= 0),
    name TEXT NOT NULL CHECK (name <> ''),
    kind TEXT NOT NULL CHECK (kind <> ''),
    architecture TEXT NOT NULL CHECK (architecture <> ''),
    work_json TEXT NOT NULL CHECK (work_json <> ''),
    requirements_json TEXT NOT NULL CHECK (requirements_json <> ''),
    timeout_seconds INTEGER NOT NULL CHECK (timeout_seconds > 0),
    max_attempts INTEGER NOT NULL CHECK (max_attempts BETWEEN 1 AND 1000),
    state TEXT NOT NULL CHECK (state IN
        ('waiting', 'ready', 'leased', 'running', 'succeeded', 'failed', 'cancelled', 'expired')),
    attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt BETWEEN 0 AND max_attempts),
    -- Higher with every claim; what an older one says changes nothing.
    fence INTEGER NOT NULL DEFAULT 0 CHECK (fence >= 0),
    -- Who holds it, or held it last.
    worker TEXT,
    -- It may be claimed from then on.
    ready_at INTEGER,
    started_at INTEGER,
    ended_at INTEGER,
    -- Set when somebody wants a claimed job ended: the worker is told until it answers.
    cancel_reason TEXT,
    -- Why it waits, or how it ended, in words.
    reason TEXT,
    outcome_json TEXT CHECK (outcome_json <> ''),
    -- SHA-256 of work, inputs and code revision, for the kinds that may be settled from an earlier success.
    cache_key TEXT,
    cached INTEGER NOT NULL DEFAULT 0 CHECK (cached IN (0, 1)),
    UNIQUE (build, place),
    CHECK ((ready_at IS NOT NULL) = (state = 'ready')),
    CHECK (state NOT IN ('leased', 'running') OR (worker IS NOT NULL AND fence > 0 AND attempt > 0)),
    CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled', 'expired')))
) STRICT;

-- The claim looks at ready jobs alone, so that its cost does not grow with the table.
CREATE INDEX jobs_ready ON jobs(ready_at, id) WHERE state = 'ready';
CREATE INDEX jobs_held ON jobs(worker) WHERE state IN ('leased', 'running');
CREATE INDEX jobs_cached ON jobs(cache_key, ended_at) WHERE state = 'succeeded' AND cache_key IS NOT NULL;

CREATE TABLE dependencies(
    job TEXT NOT NULL REFERENCES jobs(id),
    needs TEXT NOT NULL REFERENCES jobs(id),
    PRIMARY KEY (job, needs),
    CHECK (job <> needs)
) STRICT, WITHOUT ROWID;

CREATE INDEX dependencies_by_need ON dependencies(needs);

-- One row a claim. A declined claim keeps its number of attempt free for the next one.
CREATE TABLE attempts(
    job TEXT NOT NULL REFERENCES jobs(id),
    fence INTEGER NOT NULL CHECK (fence > 0),
    attempt INTEGER NOT NULL CHECK (attempt > 0),
    worker TEXT NOT NULL,
    -- SHA-256 of the token that uploads this attempt's artifacts; good until the attempt has ended.
    token_digest TEXT NOT NULL UNIQUE,
    leased_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    outcome_json TEXT CHECK (outcome_json <> ''),
    PRIMARY KEY (job, fence),
    CHECK (started_at IS NULL OR started_at >= leased_at),
    CHECK (outcome_json IS NULL OR ended_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE workers(
    name TEXT PRIMARY KEY NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    architectures_json TEXT NOT NULL CHECK (architectures_json <> ''),
    slots INTEGER NOT NULL CHECK (slots BETWEEN 1 AND 64),
    capabilities_json TEXT NOT NULL CHECK (capabilities_json <> ''),
    host TEXT NOT NULL,
    software TEXT NOT NULL,
    draining INTEGER NOT NULL DEFAULT 0 CHECK (draining IN (0, 1)),
    registered_at INTEGER NOT NULL
) STRICT;

CREATE TABLE artifacts(
    job TEXT NOT NULL REFERENCES jobs(id),
    place INTEGER NOT NULL CHECK (place >= 0),
    name TEXT NOT NULL CHECK (name <> ''),
    role TEXT NOT NULL CHECK (role <> ''),
    digest TEXT NOT NULL CHECK (digest GLOB 'sha256:*' AND length(digest) = 71),
    size INTEGER NOT NULL CHECK (size >= 0),
    media_type TEXT NOT NULL,
    PRIMARY KEY (job, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX artifacts_by_digest ON artifacts(digest);

-- What a boot check showed: repeated to the watchers of a later build that takes its result.
CREATE TABLE boot_results(
    job TEXT NOT NULL REFERENCES jobs(id),
    attempt INTEGER NOT NULL CHECK (attempt >= 0),
    firmware TEXT NOT NULL,
    result_json TEXT NOT NULL CHECK (result_json <> ''),
    PRIMARY KEY (job, attempt, firmware)
) STRICT, WITHOUT ROWID;

-- Events of the farm itself (a job moved, a build ended), written in the transaction that moved it and put into the
-- build's log after the commit. The log notes the number of the last one it holds, so that none is lost or doubled.
CREATE TABLE farm_events(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    build TEXT NOT NULL REFERENCES builds(id),
    job TEXT REFERENCES jobs(id),
    attempt INTEGER,
    at INTEGER NOT NULL,
    event_json TEXT NOT NULL CHECK (event_json <> '')
) STRICT;

CREATE INDEX farm_events_of_build ON farm_events(build, id);
