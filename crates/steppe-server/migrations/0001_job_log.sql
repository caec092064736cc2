-- One text for SQLite and PostgreSQL: BIGINT and TEXT only. Times are Unix milliseconds.

-- One row. Every write raises the revision first, so that writers wait for each other here and revisions become
-- visible in their own order.
CREATE TABLE job_log (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    revision BIGINT NOT NULL,
    epoch BIGINT NOT NULL
);
INSERT INTO job_log (id, revision, epoch) VALUES (1, 0, 0);

CREATE TABLE epochs (
    epoch BIGINT PRIMARY KEY,
    owner TEXT NOT NULL,
    began_at BIGINT NOT NULL
);

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    -- The revision that made the job: its place in lists, for good.
    sequence BIGINT NOT NULL UNIQUE,
    -- The revision that changed it last.
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    submitter TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    attempt BIGINT NOT NULL,
    epoch BIGINT,
    created_at BIGINT NOT NULL,
    submitted_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    stage TEXT NOT NULL,
    tiles_done BIGINT NOT NULL,
    tiles_total BIGINT NOT NULL,
    genotypes BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    cancel_by TEXT,
    cancel_at BIGINT,
    error_kind TEXT,
    error_message TEXT,
    result_location TEXT,
    result_digest TEXT
);
CREATE INDEX jobs_by_revision ON jobs (revision);
CREATE INDEX jobs_by_state ON jobs (state, sequence);
CREATE INDEX jobs_by_kind ON jobs (kind, sequence);
CREATE INDEX jobs_by_submitter ON jobs (submitter, sequence);

CREATE TABLE idempotency_keys (
    idempotency_key TEXT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id)
);

-- What happened to a job, in order of revision.
CREATE TABLE events (
    revision BIGINT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    at BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    epoch BIGINT,
    from_state TEXT,
    to_state TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX events_by_job ON events (job_id, revision);
