-- Projects that an artist put away, by the name their jobs bear.
CREATE TABLE archived_projects (
  name TEXT PRIMARY KEY,
  archived_at INTEGER NOT NULL
) STRICT;

-- Folders that a process is about to rename, or has renamed without saying so yet. Each is under the one name or
-- the other: that tells how far it came.
CREATE TABLE folder_moves (
  runner TEXT PRIMARY KEY,
  project TEXT NOT NULL,
  new_project TEXT NOT NULL,
  folder TEXT NOT NULL,
  new_folder TEXT NOT NULL
) STRICT;

-- Does what waits keep waiting?
CREATE TABLE queue (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  paused INTEGER NOT NULL
) STRICT;
INSERT INTO queue(id, paused) VALUES(1, 0);
