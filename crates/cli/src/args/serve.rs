use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Args as ClapArgs;

pub(super) const SERVE_EXAMPLES: &str = "\
Examples:
  oreforge serve
      prints an address to open in a browser of this computer
  oreforge serve --port 0 --json
      takes a free port; the first line is {\"url\": …, \"token\": …}
  curl -H \"Authorization: Bearer $TOKEN\" $URL/api/openapi.json
      every command, for your own programs";

#[derive(Debug, ClapArgs)]
pub struct ServeArgs {
    /// 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 4170)]
    pub port: u16,
    /// Address to listen on. Beyond this computer it needs --token.
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub bind: IpAddr,
    /// What a program has to know to come in, at least 16 characters; made up when absent.
    #[arg(long, value_name = "T", env = "OREFORGE_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Where jobs are kept.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The address and the token as one line of JSON on stdout, nothing else there.
    #[arg(long)]
    pub json: bool,
}
