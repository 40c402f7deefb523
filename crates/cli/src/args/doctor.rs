use clap::Args as ClapArgs;

use super::{ComfyArgs, Common};

pub(super) const DOCTOR_EXAMPLES: &str = "\
Examples:
  oreforge doctor
  oreforge doctor --comfy http://127.0.0.1:8188
      also how a ComfyUI server is; https://user:password@host/path works too
  OREFORGE_COMFY_TOKEN=$(cat token.txt) oreforge doctor --comfy https://comfy.example
      one that wants a token; those of the settings bring theirs from the system's keyring

Exit codes: 0 all is well, 2 usage, 4 something is not usable now, 6 the data folder cannot be opened.";

#[derive(Debug, ClapArgs)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub comfy: ComfyArgs,
    #[command(flatten)]
    pub common: Common,
}
