use std::process::ExitCode;

fn main() -> ExitCode {
    oreforge_cli::run()
}
