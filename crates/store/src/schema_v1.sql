CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT;

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  project TEXT,
  -- Relative to the data folder, with forward slashes, like every path here.
  folder TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  -- How many steps are safe on disk.
  checkpoint INTEGER NOT NULL DEFAULT 0,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  -- The process that queued or runs it.
  runner TEXT NOT NULL,
  engine TEXT,
  request TEXT NOT NULL,
  error TEXT,
  -- Sequence number of the event that put it into the queue.
  queued_seq INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_by_state ON jobs(state, queued_seq);

CREATE TRIGGER checkpoint_only_grows BEFORE UPDATE OF checkpoint ON jobs
WHEN NEW.checkpoint < OLD.checkpoint
BEGIN SELECT RAISE(ABORT, 'a checkpoint can only grow'); END;

CREATE TABLE steps (
  job_id TEXT NOT NULL REFERENCES jobs(id),
  step INTEGER NOT NULL,
  state TEXT NOT NULL,
  engine TEXT,
  elapsed_ms INTEGER,
  facts TEXT,
  finished_at INTEGER,
  PRIMARY KEY (job_id, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX steps_by_time ON steps(step, state, finished_at, engine);

CREATE TABLE artifacts (
  id TEXT PRIMARY KEY,
  job_id TEXT NOT NULL REFERENCES jobs(id),
  step INTEGER NOT NULL,
  kind TEXT NOT NULL,
  slot TEXT NOT NULL DEFAULT '',
  path TEXT NOT NULL UNIQUE,
  bytes INTEGER NOT NULL CHECK (bytes > 0),
  sha256 TEXT NOT NULL,
  UNIQUE (job_id, kind, slot)
) STRICT;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id TEXT NOT NULL REFERENCES jobs(id),
  at INTEGER NOT NULL,
  -- The step of a progress event, which a newer one replaces.
  progress_step INTEGER,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_job ON events(job_id, seq);
CREATE INDEX progress_by_step ON events(job_id, progress_step) WHERE progress_step IS NOT NULL;

CREATE TABLE sources (
  id TEXT PRIMARY KEY,
  file_name TEXT NOT NULL,
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
