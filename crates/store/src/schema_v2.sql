-- The first step of an open retry, and how many steps it has reached. What it makes stands beside the result it
-- repeats (retry = 1) and replaces it (retry = 0) when it is complete.
ALTER TABLE jobs ADD COLUMN retry_from INTEGER;
ALTER TABLE jobs ADD COLUMN retry_checkpoint INTEGER;
-- How often a process died in the step that comes next.
ALTER TABLE jobs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;

CREATE TABLE new_steps (
  job_id TEXT NOT NULL REFERENCES jobs(id),
  retry INTEGER NOT NULL DEFAULT 0,
  step INTEGER NOT NULL,
  state TEXT NOT NULL,
  engine TEXT,
  elapsed_ms INTEGER,
  facts TEXT,
  finished_at INTEGER,
  PRIMARY KEY (job_id, retry, step)
) STRICT, WITHOUT ROWID;
INSERT INTO new_steps(job_id, step, state, engine, elapsed_ms, facts, finished_at)
  SELECT job_id, step, state, engine, elapsed_ms, facts, finished_at FROM steps;
DROP TABLE steps;
ALTER TABLE new_steps RENAME TO steps;
CREATE INDEX steps_by_time ON steps(step, state, finished_at, engine);

CREATE TABLE new_artifacts (
  id TEXT PRIMARY KEY,
  job_id TEXT NOT NULL REFERENCES jobs(id),
  retry INTEGER NOT NULL DEFAULT 0,
  step INTEGER NOT NULL,
  kind TEXT NOT NULL,
  slot TEXT NOT NULL DEFAULT '',
  path TEXT NOT NULL UNIQUE,
  bytes INTEGER NOT NULL CHECK (bytes > 0),
  sha256 TEXT NOT NULL,
  UNIQUE (job_id, retry, kind, slot)
) STRICT;
INSERT INTO new_artifacts(id, job_id, step, kind, slot, path, bytes, sha256)
  SELECT id, job_id, step, kind, slot, path, bytes, sha256 FROM artifacts;
DROP TABLE artifacts;
ALTER TABLE new_artifacts RENAME TO artifacts;

-- Files that no other row names: on their way in, or replaced and on their way out. Whose process died goes.
CREATE TABLE loose_files (
  path TEXT PRIMARY KEY,
  runner TEXT NOT NULL
) STRICT;
