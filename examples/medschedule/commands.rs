//! What the service does beside serving.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use crate::config::{Command, Config};
use crate::doctor::{self, Verdict};
use crate::{Failure, load};

/// Does what was asked for, and tells whether all is well.
///
/// # Errors
///
/// What kept it from being done.
pub async fn run(command: &Command, config: &Config) -> Result<ExitCode, Failure> {
    match command {
        Command::Doctor => examine(config).await,
        Command::Load(options) => {
            load::command(config, options, &mut io::stdout()).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn examine(config: &Config) -> Result<ExitCode, Failure> {
    let findings = doctor::examine(config).await;
    let mut terminal = io::stdout();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    doctor::print(&findings, terminal.is_terminal() && !plain, &mut terminal)?;
    let works = findings.iter().all(|finding| finding.verdict != Verdict::Bad);
    Ok(if works { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
