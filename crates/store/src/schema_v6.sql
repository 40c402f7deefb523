-- Model files on their way into a ComfyUI's models folder, and those that came or failed until they are cleared.
CREATE TABLE downloads (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  folder TEXT NOT NULL,
  path TEXT NOT NULL UNIQUE,
  sha256 TEXT,
  state TEXT NOT NULL,
  -- The process that fetches it, or will.
  runner TEXT NOT NULL,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  -- What is safe on the disk, and of which version of the file.
  bytes INTEGER NOT NULL DEFAULT 0,
  total_bytes INTEGER,
  validator TEXT,
  error TEXT,
  created_at INTEGER NOT NULL
) STRICT;
