//! `oreforge doctor`: what is there, what is not, and what to do.

use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{CheckState, Command, DoctorReport, Reply};

use crate::args::DoctorArgs;
use crate::exit::Exit;
use crate::follow::mismatch;
use crate::show;

pub async fn doctor(args: DoctorArgs) -> anyhow::Result<Exit> {
    let forge = Oreforge::open(Config { data_dir: args.common.data_dir, only_own_jobs: true })?;
    let answer = match args.comfy.introduce(&forge) {
        Ok(()) => forge.execute(Command::Doctor { comfy: args.comfy.comfy }).await,
        Err(report) => Err(report),
    };
    let blender = forge.check_blender().await;
    forge.shutdown().await;
    let mut report = match answer? {
        Reply::Doctor(report) => report,
        _ => return Err(mismatch().into()),
    };
    report.checks.push(blender);
    if args.common.json {
        show::json_line(&report)
    } else {
        print(&report)
    }
    let well = report.checks.iter().all(|check| check.state == CheckState::Good);
    Ok(if well { Exit::Done } else { Exit::EngineUnavailable })
}

fn print(report: &DoctorReport) {
    show::out_line(&format!("Oreforge {}", report.version));
    for check in &report.checks {
        let mark = match check.state {
            CheckState::Good => "ok     ",
            CheckState::NotYet => "not yet",
            CheckState::Bad => "bad    ",
        };
        show::out_line(&format!("{mark}  {}: {}", check.subject, check.message));
        if let Some(hint) = &check.hint {
            show::out_line(&format!("           {hint}"));
        }
    }
}
