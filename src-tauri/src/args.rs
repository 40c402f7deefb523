//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::bail;
use lexopt::prelude::*;

const HELP: &str = "\
Oreforge: a picture goes in, a clean, textured, game-ready mesh comes out.

Usage: oreforge-desktop [PICTURE] [OPTIONS]

  PICTURE          Open the window with this picture being forged
  --forge-sample   Open the window with a sample being forged
  --data-dir DIR   Keep jobs, pictures and meshes in DIR
  --help           Say this
  --version        Say the version
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Start {
    /// Text for the terminal, then the end.
    Say(String),
    Open(Args),
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Args {
    pub picture: Option<PathBuf>,
    pub data_dir: Option<PathBuf>,
    pub forge_sample: bool,
}

pub fn parse(args: impl IntoIterator<Item = OsString>) -> anyhow::Result<Start> {
    let mut parser = lexopt::Parser::from_iter(args);
    let mut found = Args::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("help") | Short('h') => return Ok(Start::Say(HELP.to_owned())),
            Long("version") | Short('V') => {
                return Ok(Start::Say(format!("oreforge-desktop {}\n", env!("CARGO_PKG_VERSION"))));
            }
            Long("forge-sample") => found.forge_sample = true,
            Long("data-dir") => found.data_dir = Some(parser.value()?.into()),
            Value(picture) if found.picture.is_none() => found.picture = Some(picture.into()),
            other => bail!("{} (--help says what there is)", other.unexpected()),
        }
    }
    Ok(Start::Open(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> anyhow::Result<Start> {
        parse(std::iter::once("oreforge-desktop").chain(args.iter().copied()).map(OsString::from))
    }

    #[test]
    fn a_picture_and_a_folder() {
        let expected =
            Args { picture: Some("duck.png".into()), data_dir: Some("d".into()), forge_sample: false };
        assert_eq!(parsed(&["duck.png", "--data-dir", "d"]).unwrap(), Start::Open(expected));
    }

    #[test]
    fn nothing_opens_an_empty_window() {
        assert_eq!(parsed(&[]).unwrap(), Start::Open(Args::default()));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for args in [&["--fast"][..], &["a.png", "b.png"], &["--data-dir"]] {
            assert!(parsed(args).is_err(), "{args:?} was taken");
        }
    }
}
