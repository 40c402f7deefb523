use clap::{Args as ClapArgs, ValueEnum};
use oreforge_commands::Oreforge;
use oreforge_protocol::{EngineChoice, ErrorReport, Secret};

/// A ComfyUI server, and what it lets us in with.
#[derive(Debug, ClapArgs)]
pub struct ComfyArgs {
    /// Address of a ComfyUI server; those of the settings when absent.
    #[arg(long, value_name = "URL")]
    pub comfy: Option<String>,
    /// Token of that server. Others on this computer may see a command line: OREFORGE_COMFY_TOKEN hides it.
    #[arg(long, value_name = "T", requires = "comfy", value_parser = parse_token)]
    pub token: Option<Secret>,
}

impl ComfyArgs {
    /// Lets this program know the token; it is written nowhere.
    pub fn introduce(&self, forge: &Oreforge) -> Result<(), ErrorReport> {
        match (&self.comfy, &self.token) {
            (Some(server), Some(token)) => forge.use_token(server, token.clone()),
            _ => Ok(()),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "clap's shape of a parser")]
fn parse_token(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret(text.to_owned()))
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Engine {
    Auto,
    Draft,
    Comfy,
}

impl From<Engine> for EngineChoice {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Auto => EngineChoice::Auto,
            Engine::Draft => EngineChoice::Draft,
            Engine::Comfy => EngineChoice::Comfy,
        }
    }
}
