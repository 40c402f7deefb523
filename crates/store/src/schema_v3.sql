-- What running steps have asked of ComfyUI servers, in the order of their first note.
CREATE TABLE prompts (
  prompt_id TEXT PRIMARY KEY,
  job_id TEXT NOT NULL REFERENCES jobs(id),
  step INTEGER NOT NULL,
  server TEXT NOT NULL,
  purpose TEXT NOT NULL,
  graph_sha256 TEXT NOT NULL,
  crashes INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT;
CREATE INDEX prompts_by_job ON prompts(job_id, step);

-- One row of JSON; none before anything was set.
CREATE TABLE settings (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  settings TEXT NOT NULL
) STRICT;
