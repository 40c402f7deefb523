use std::collections::BTreeSet;

use oreforge_protocol::{JobId, JobState};
use rusqlite::params;

use crate::file::sweep_parts;
use crate::row::{job_row, parse_id};
use crate::run::end_abandoned;
use crate::store::Durability;
use crate::{Store, StoreError, faults, layout, runner};

impl Store {
    /// Puts in order what dead processes left: their running jobs become interrupted, or cancelled where that
    /// had been asked for, and their half written files go. True when there was somebody dead.
    pub fn collect_dead(&self) -> Result<bool, StoreError> {
        runner::tidy_early(self.root());
        let running: Vec<(String, String, String)> = self.read(|tx| {
            let mut statement =
                tx.prepare("SELECT id, runner, folder FROM jobs WHERE state = 'running' AND runner <> ?1")?;
            let rows = statement
                .query_map(params![self.runner.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        let mut dead: BTreeSet<String> = runner::dead(self.root()).into_iter().collect();
        let runners: BTreeSet<&String> = running.iter().map(|(_, runner, _)| runner).collect();
        dead.extend(runners.into_iter().filter(|id| !runner::is_alive(self.root(), id)).cloned());
        if dead.is_empty() {
            return Ok(false);
        }
        let tags: Vec<String> = dead.iter().cloned().collect();
        for (id, owner, folder) in running.into_iter().filter(|(_, owner, _)| dead.contains(owner)) {
            let id: JobId = parse_id(&id)?;
            self.write(Durability::PowerCut, |tx| {
                let row = job_row(tx, id)?;
                // Another process may have collected, even resumed it meanwhile.
                if row.state != JobState::Running || row.runner != owner {
                    return Ok(());
                }
                end_abandoned(tx, id, row.cancel_requested)
            })?;
            let folder = layout::absolute(self.root(), &folder);
            sweep_parts(&folder, &tags);
            sweep_parts(&folder.join("views"), &tags);
        }
        sweep_parts(&self.root().join("sources"), &tags);
        faults::pass("dead swept");
        runner::forget(self.root(), &tags);
        Ok(true)
    }
}
