-- When each file came to be; of older ones what is known of their step, or job.
ALTER TABLE artifacts ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
UPDATE artifacts SET created_at = coalesce(
  (SELECT finished_at FROM steps
   WHERE steps.job_id = artifacts.job_id AND steps.retry = artifacts.retry AND steps.step = artifacts.step),
  (SELECT created_at FROM jobs WHERE jobs.id = artifacts.job_id));
-- In the trash since then. The file stays until the trash is emptied.
ALTER TABLE artifacts ADD COLUMN trashed_at INTEGER;
-- Everything that a page of the Gallery is chosen and counted by.
CREATE INDEX gallery ON artifacts(created_at, id, job_id, kind, slot, bytes) WHERE retry = 0 AND trashed_at IS NULL;
CREATE INDEX trash ON artifacts(trashed_at) WHERE trashed_at IS NOT NULL;

-- What an artist says about a file, by its place in its job: what a retry puts there inherits it.
CREATE TABLE marks (
  job_id TEXT NOT NULL REFERENCES jobs(id),
  kind TEXT NOT NULL,
  slot TEXT NOT NULL,
  favourite INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0,
  name TEXT,
  PRIMARY KEY (job_id, kind, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX favourites ON marks(favourite) WHERE favourite = 1;

CREATE TABLE tags (
  job_id TEXT NOT NULL REFERENCES jobs(id),
  kind TEXT NOT NULL,
  slot TEXT NOT NULL,
  tag TEXT NOT NULL COLLATE NOCASE,
  PRIMARY KEY (job_id, kind, slot, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_tag ON tags(tag);
CREATE INDEX jobs_by_project ON jobs(project);
