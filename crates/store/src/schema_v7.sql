-- What a prompt made, as a list in JSON: a server that comes up anew does not remember it.
ALTER TABLE prompts ADD COLUMN files TEXT NOT NULL DEFAULT '[]';
