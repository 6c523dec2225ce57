//! Flags of the service; each is an environment variable too.

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::Resettable;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::exposure::AllowedHost;
use crate::load;

/// MedSchedule: plans hospital shifts, and shows how it is doing.
///
/// Without any flag it listens on 127.0.0.1:8000, keeps its data in ./medschedule.db (SQLite) and writes
/// ./logs/medschedule.log. SIGTERM or Ctrl-C ends it after running requests are answered.
#[derive(Clone, Debug, Parser)]
#[command(name = "medschedule", version)]
pub struct Config {
    /// Address to listen on; anything but loopback needs --token-file. Port 0 takes a free port.
    #[arg(
        long,
        global = true,
        env = "MEDSCHEDULE_LISTEN",
        value_name = "ADDR",
        default_value = "127.0.0.1:8000"
    )]
    pub listen: SocketAddr,

    /// Directory of the database and of logs/medschedule.log; created if missing.
    #[arg(long, global = true, env = "MEDSCHEDULE_DATA_DIR", value_name = "DIR", default_value = ".")]
    pub data_dir: PathBuf,

    /// Roster to load before the service is ready: .csv, or .jsonl (JSON Lines), either also with .gz.
    #[arg(long, global = true, env = "MEDSCHEDULE_SEED", value_name = "FILE")]
    pub seed: Option<PathBuf>,

    /// Plans a roster of these days in an empty database and asks the service for things, five times a second, so that
    /// there is something to look at.
    #[arg(long, env = "MEDSCHEDULE_DEMO")]
    pub demo: bool,

    /// Alert rules in Prometheus's format, in place of the built-in ones: a file, or a pattern for several, like
    /// '/etc/medschedule/rules/*.yml'.
    #[arg(long, global = true, env = "MEDSCHEDULE_RULES", value_name = "PATTERN")]
    pub rules: Option<String>,

    /// File holding a bearer token of 16 characters or more. With it, everything but the bare health status needs
    /// `Authorization: Bearer TOKEN`.
    #[arg(long, global = true, env = "MEDSCHEDULE_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// Host that clients name, beside localhost and plain addresses: a name, or a name and a port. May be given several
    /// times.
    #[arg(
        long = "allow-host",
        global = true,
        env = "MEDSCHEDULE_ALLOW_HOST",
        value_name = "HOST",
        value_delimiter = ','
    )]
    pub allow_hosts: Vec<AllowedHost>,

    /// URL that alerts are posted to, in the shape of Alertmanager's webhook.
    #[arg(long, global = true, env = "MEDSCHEDULE_WEBHOOK", value_name = "URL", hide_env_values = true)]
    pub webhook: Option<Secret>,

    /// File for Alertmanager whose `route`, `inhibit_rules`, `time_intervals` and `receivers` say who is told of which alerts.
    #[arg(long, global = true, env = "MEDSCHEDULE_ALERT_ROUTES", value_name = "FILE")]
    pub alert_routes: Option<PathBuf>,

    /// File with what Alertmanager does not know of its receivers: signatures, body templates, Alertmanagers, and which
    /// hosts may be internal.
    #[arg(
        long,
        global = true,
        env = "MEDSCHEDULE_ALERT_RECEIVERS",
        value_name = "FILE",
        requires = "alert_routes"
    )]
    pub alert_receivers: Option<PathBuf>,

    /// Seconds between SIGTERM, when readiness falls, and the end of accepting connections.
    #[arg(long, global = true, env = "MEDSCHEDULE_DRAIN", value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    pub drain: Duration,

    /// postgres://… in place of SQLite.
    #[arg(long, global = true, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<Secret>,

    /// redis://… in place of the in-process cache. Two rosters need two Redis databases: redis://…/0, redis://…/1.
    #[arg(long, global = true, env = "REDIS_URL", value_name = "URL", hide_env_values = true)]
    pub redis_url: Option<Secret>,

    /// What to do; without it the service runs.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do in place of running the service.
#[derive(Clone, Debug, PartialEq, Subcommand)]
pub enum Command {
    /// Looks for what would keep the service from working, with the same flags, and says what to do. Changes nothing.
    /// Ends with 1 if anything would.
    Doctor,
    /// Sends a running service requests at a fixed rate, and tells how long they took, counted from when each was due.
    /// Afterwards what was planned and opened is taken back.
    Load(load::Options),
}

/// A value that may hold a password: it never shows in `Debug`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Returns the value itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Why the service refused its configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// An open service would be reachable from other machines.
    #[error("--listen {0} is reachable from other machines: give --token-file, or listen on 127.0.0.1")]
    Exposed(SocketAddr),
    /// The URL is one of another kind of server. It may hold a password, so only its scheme is told.
    #[error("{flag} begins with `{scheme}:`, but must begin with {taken}")]
    Scheme {
        /// The flag that gives it.
        flag: &'static str,
        /// What it begins with.
        scheme: String,
        /// What is taken.
        taken: &'static str,
    },
    /// The data directory could not be made.
    #[error("cannot create the data directory {}", path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The token file could not be read.
    #[error("cannot read the token file {}", path.display())]
    ReadToken {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The token would be easy to guess, or cannot be sent in a header.
    #[error("the token in {} needs at least 16 characters, all of them visible ASCII", path.display())]
    WeakToken {
        /// The file.
        path: PathBuf,
    },
}

impl Config {
    /// Reads the flags and the environment, where an empty variable is one that is not set. Ends the process with 2 if
    /// they cannot be used.
    pub fn load() -> Self {
        Self::from_arguments(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    fn from_arguments(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let command = Self::command().mut_args(|argument| {
            let is_empty =
                argument.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
            if is_empty { argument.env(Resettable::Reset) } else { argument }
        });
        Self::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }

    /// Refuses servers of a kind that the service does not use.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scheme`].
    pub fn check_servers(&self) -> Result<(), ConfigError> {
        check_scheme(
            "--database-url",
            self.database_url.as_ref(),
            &POSTGRES,
            "postgres:// or postgresql://",
        )?;
        check_scheme(
            "--redis-url",
            self.redis_url.as_ref(),
            &REDIS,
            "redis://, or unix:// for a socket of Redis",
        )
    }

    /// Reads the token, if one is configured, and refuses to be reachable without one.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]; nothing was opened or started.
    pub fn token(&self) -> Result<Option<Secret>, ConfigError> {
        match &self.token_file {
            Some(path) => read_token(path).map(Some),
            None if is_loopback(self.listen.ip()) => Ok(None),
            None => Err(ConfigError::Exposed(self.listen)),
        }
    }

    /// Makes the data directory, if it is missing, for the service's user and group alone.
    ///
    /// # Errors
    ///
    /// [`ConfigError::DataDir`].
    pub fn make_data_dir(&self) -> Result<(), ConfigError> {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o750).create(&self.data_dir);
        made.map_err(|source| ConfigError::DataDir { path: self.data_dir.clone(), source })
    }

    /// Returns the file the log is written to.
    pub fn log_file(&self) -> PathBuf {
        self.log_directory().join("medschedule.log")
    }

    /// Returns the directory of the log and of the audit trail.
    pub fn log_directory(&self) -> PathBuf {
        self.data_dir.join("logs")
    }

    /// Returns the file of the embedded database.
    pub fn database_file(&self) -> PathBuf {
        self.data_dir.join("medschedule.db")
    }
}

const POSTGRES: [&str; 2] = ["postgres", "postgresql"];
const REDIS: [&str; 2] = ["redis", "unix"];

fn check_scheme(
    flag: &'static str,
    url: Option<&Secret>,
    schemes: &[&str],
    taken: &'static str,
) -> Result<(), ConfigError> {
    let Some(url) = url else { return Ok(()) };
    let scheme = url.expose().split_once("://").map_or("", |(scheme, _)| scheme);
    if schemes.iter().any(|taken| taken.eq_ignore_ascii_case(scheme)) {
        return Ok(());
    }
    // What is not a scheme may be a password that somebody forgot to put behind one.
    let is_scheme =
        scheme.len() <= 20 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+');
    let scheme = if is_scheme && !scheme.is_empty() { scheme } else { "?" }.to_owned();
    Err(ConfigError::Scheme { flag, scheme, taken })
}

fn read_token(path: &Path) -> Result<Secret, ConfigError> {
    let path = path.to_owned();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(ConfigError::ReadToken { path, source }),
    };
    let token = text.trim();
    if token.len() < 16 || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ConfigError::WeakToken { path });
    }
    Ok(Secret::from(token))
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("`{text}` is not a number of seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
