//! `oreforge projects`: which there are, and what they are called.

use clap::{Args as ClapArgs, Subcommand};
use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{Command, ProjectInfo, Reply};

use crate::args::Common;
use crate::exit::Exit;
use crate::follow::mismatch;
use crate::show::{json_line, out_line};

pub const PROJECTS_EXAMPLES: &str = "\
Examples:
  oreforge forge duck.png --project Pond
  oreforge projects rename Pond \"Duck pond\"
  oreforge projects archive \"Duck pond\"
      leaves the Gallery until it is taken back or worked in; its files stay where they are

Exit codes: 0 done, 2 no such project, its jobs are at work, or the name is taken, 6 the data folder cannot be used.";

#[derive(Debug, ClapArgs)]
pub struct ProjectsArgs {
    #[command(subcommand)]
    verb: ProjectsVerb,
}

#[derive(Debug, Subcommand)]
enum ProjectsVerb {
    /// Those in use; archived ones too on demand.
    List {
        #[arg(long)]
        archived: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Give a project and its folder another name.
    Rename {
        name: String,
        new_name: String,
        #[command(flatten)]
        common: Common,
    },
    /// Put a project away.
    Archive {
        name: String,
        #[command(flatten)]
        common: Common,
    },
    /// Take a project back.
    Unarchive {
        name: String,
        #[command(flatten)]
        common: Common,
    },
}

pub async fn projects(args: ProjectsArgs) -> anyhow::Result<Exit> {
    let (command, common, with_archived) = match args.verb {
        ProjectsVerb::List { archived, common } => (Command::ListProjects {}, common, archived),
        ProjectsVerb::Rename { name, new_name, common } => {
            (Command::RenameProject { name, new_name }, common, true)
        }
        ProjectsVerb::Archive { name, common } => {
            (Command::ArchiveProject { name, archived: true }, common, true)
        }
        ProjectsVerb::Unarchive { name, common } => {
            (Command::ArchiveProject { name, archived: false }, common, true)
        }
    };
    let forge = Oreforge::open(Config { data_dir: common.data_dir, only_own_jobs: true })?;
    let answered = forge.execute(command).await;
    forge.shutdown().await;
    let (Reply::ListProjects(projects) | Reply::RenameProject(projects) | Reply::ArchiveProject(projects)) =
        answered?
    else {
        return Err(mismatch().into());
    };
    for project in projects.iter().filter(|project| with_archived || !project.archived) {
        if common.json { json_line(project) } else { out_line(&summary(project)) }
    }
    Ok(Exit::Done)
}

fn summary(project: &ProjectInfo) -> String {
    let ProjectInfo { name, folder, jobs, entries, archived } = project;
    let archived = if *archived { "  archived" } else { "" };
    format!("{name:<24} {jobs:>5} jobs {entries:>6} entries{archived}  {folder}")
}
