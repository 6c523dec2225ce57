//! Looks for what would keep the service from starting or from working, and says what to do. Changes nothing.

mod clock;
mod disk;
mod finding;
mod servers;

use std::io;
use std::time::Duration;

use ms_alerts::AlertManager;
use tokio::net::{TcpListener, TcpStream};

pub use self::finding::{Finding, Verdict, print};
use crate::alerting;
use crate::chain::Chain;
use crate::config::Config;

/// The longest that something of the network may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Examines everything that the configuration names, one thing after the other.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![configuration(config), address(config).await];
    findings.extend(disk::examine(config));
    findings.push(rules(config));
    findings.push(receivers(config));
    findings.push(servers::database(config).await);
    findings.push(servers::cache(config).await);
    findings.push(clock::examine(config).await);
    findings
}

fn configuration(config: &Config) -> Finding {
    let subject = "configuration";
    match config.check_servers().and_then(|()| config.token()) {
        Err(error) => Finding::bad(subject, Chain::from(error), "change the flag, or its variable"),
        Ok(Some(_)) => Finding::good(subject, "every request needs the token"),
        Ok(None) => Finding::good(subject, "no token: open to this machine, and to no other"),
    }
}

async fn address(config: &Config) -> Finding {
    let (subject, address) = ("address", config.listen);
    let error = match TcpListener::bind(address).await {
        Ok(_) => return Finding::good(subject, format!("{address} is free")),
        Err(error) => error,
    };
    let (told, advice) = match error.kind() {
        io::ErrorKind::AddrInUse if is_answered(config).await => (
            format!("{address} is taken, and answered"),
            "if it is this service, it runs; else stop the other, or give --listen",
        ),
        io::ErrorKind::AddrInUse => (format!("{address} is taken"), "stop who has it, or give --listen"),
        io::ErrorKind::PermissionDenied => {
            (format!("{address}: {error}"), "ports below 1024 are for root: give --listen with another")
        }
        io::ErrorKind::AddrNotAvailable => {
            (format!("{address}: {error}"), "give --listen with an address of this machine")
        }
        _ => (format!("{address}: {error}"), "give --listen with another address"),
    };
    Finding::bad(subject, told, advice)
}

async fn is_answered(config: &Config) -> bool {
    matches!(tokio::time::timeout(LIMIT, TcpStream::connect(config.listen)).await, Ok(Ok(_)))
}

fn receivers(config: &Config) -> Finding {
    let subject = "alert receivers";
    let named = config.alert_routes.as_ref().map(|file| file.display().to_string());
    let built = alerting::receivers(AlertManager::builder(), config).and_then(|builder| Ok(builder.build()?));
    match built {
        Err(error) => {
            let advice = "mend the file; `amtool check-config` reads the first one too";
            Finding::bad(subject, Chain(error), advice)
        }
        Ok(_) => Finding::good(subject, named.unwrap_or_else(|| "the log tells of alerts".to_owned())),
    }
}

fn rules(config: &Config) -> Finding {
    let subject = "alert rules";
    let named = config.rules.clone().unwrap_or_else(|| "the built-in ones".to_owned());
    let built = alerting::rules(config).and_then(|builder| Ok(builder.build()?)).map_err(Chain);
    match built {
        Err(error) => Finding::bad(subject, error, "mend the file; `promtool check rules` reads the same"),
        Ok(manager) => Finding::good(subject, format!("{named}, {} rules", manager.rules().len())),
    }
}
