use std::collections::BTreeSet;

use oreforge_protocol::{
    ErrorCode, ErrorReport, EventBody, JobId, JobKind, JobSignal, JobState, StepName, StepState,
};
use rusqlite::{Connection, params};

use crate::create::set_error;
use crate::file::sweep_parts;
use crate::loose::loose_runners;
use crate::projects::moving_runners;
use crate::row::{JobRow, job_row, parse_id, step_after, to_word};
use crate::run::end;
use crate::store::Durability;
use crate::{Store, StoreError, faults, layout, runner};

/// A process that dies in the same step of a job as often as this takes no further one with it: a step that is
/// committed starts the count anew.
const MAX_CRASHES: i64 = 2;

impl Store {
    /// Lets go of every job this process still runs, whatever its step is at: nothing it does later counts.
    pub fn let_go(&self) -> Result<(), StoreError> {
        self.write(Durability::PowerCut, |tx| {
            let mut statement =
                tx.prepare_cached("SELECT id FROM jobs WHERE state = 'running' AND runner = ?1")?;
            let rows = statement.query_map(params![self.runner.id], |row| row.get::<_, String>(0))?;
            for id in rows {
                let id: JobId = parse_id(&id?)?;
                end_abandoned(tx, id, &job_row(tx, id)?, false)?;
            }
            Ok(())
        })
    }

    /// Puts in order what dead processes left: their running jobs become interrupted, or cancelled where that
    /// had been asked for, or set aside where it happened before; their half written and unnamed files go. What
    /// belongs to a living process is not touched. True when there was somebody dead.
    pub fn collect_dead(&self) -> Result<bool, StoreError> {
        runner::tidy_early(self.root());
        let (running, loose, moving) = self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT id, runner, folder FROM jobs WHERE state = 'running' AND runner <> ?1",
            )?;
            let rows = statement
                .query_map(params![self.runner.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let running: Vec<(String, String, String)> = rows.collect::<Result<_, _>>()?;
            Ok((running, loose_runners(tx)?, moving_runners(tx)?))
        })?;
        // A process that ends in good order takes its lock file with it.
        let crashed: BTreeSet<String> = runner::dead(self.root()).into_iter().collect();
        let gone = |id: &&String| crashed.contains(*id) || !runner::is_alive(self.root(), id);
        let mut dead: BTreeSet<String> =
            running.iter().map(|(_, owner, _)| owner).filter(gone).cloned().collect();
        // First of all: where files are follows from it.
        for id in moving.iter().filter(gone) {
            self.settle_move(id)?;
        }
        for id in loose.iter().filter(gone) {
            self.collect_left_by(id);
        }
        dead.extend(crashed.iter().cloned());
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
                end_abandoned(tx, id, &row, crashed.contains(&owner))
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

/// Ends a running job, and the step it was in, for a process that is gone. A process that `crashed` did not let
/// go of it in good order; the second time in the same step the job is set aside.
pub(crate) fn end_abandoned(
    db: &Connection,
    id: JobId,
    row: &JobRow,
    crashed: bool,
) -> Result<(), StoreError> {
    let crashes = row.crashes + i64::from(crashed && !row.cancel_requested);
    let step = step_after(row.kind, row.reached());
    let (signal, step_state, body) = if row.cancel_requested {
        (JobSignal::Cancel, StepState::Cancelled, EventBody::Cancelled)
    } else if crashed && crashes >= MAX_CRASHES {
        let error = quarantine(row.kind, step);
        set_error(db, id, &error)?;
        (JobSignal::Fail, StepState::Failed, EventBody::Error { step, error })
    } else {
        (JobSignal::Lose, StepState::Waiting, EventBody::Interrupted)
    };
    db.prepare_cached("UPDATE steps SET state = ?2 WHERE job_id = ?1 AND state = ?3")?.execute(params![
        id.to_string(),
        to_word(&step_state)?,
        to_word(&StepState::Running)?
    ])?;
    db.prepare_cached("UPDATE jobs SET crashes = ?2 WHERE id = ?1")?
        .execute(params![id.to_string(), crashes])?;
    end(db, id, row.state, signal, body)
}

fn quarantine(kind: JobKind, step: Option<StepName>) -> ErrorReport {
    let place = step.map_or_else(String::new, |step| format!(", both times at the step \"{step}\""));
    let smaller = match kind {
        JobKind::Forge => "Try a smaller texture or fewer triangles.",
        JobKind::Prospect => "Try fewer or smaller pictures.",
    };
    ErrorReport::new(
        ErrorCode::Quarantined,
        format!("Oreforge ended twice while it worked on this job{place}, so the job was set aside."),
    )
    .with_hint(format!("{smaller} If the computer was switched off, just go on with the job."))
}
