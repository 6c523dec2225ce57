//! The time of this machine, beside that of others.

use std::time::Duration;

use jiff::Timestamp;

use super::Finding;
use crate::config::Config;
use crate::store::postgres_clock;

/// Less than what anybody notices in a roster, more than what a question takes.
const APART: Duration = Duration::from_secs(2);
/// Before this was written nobody can have run it.
const WRITTEN: i64 = 1_760_000_000;

pub(super) async fn examine(config: &Config) -> Finding {
    let subject = "clock";
    let advice = "let the machine keep time (systemd-timesyncd, chrony, ntpd)";
    let now = Timestamp::now();
    if now.as_second() < WRITTEN {
        return Finding::bad(subject, format!("{now} is in the past"), advice);
    }
    let others = match &config.database_url {
        Some(url) => postgres_clock(url).await.ok(),
        None => None,
    };
    match others.map(|theirs| apart(theirs, now)) {
        Some(apart) if apart > APART => Finding::doubtful(
            subject,
            format!("{} s apart from that of the database", apart.as_secs()),
            advice,
        ),
        Some(_) => Finding::good(subject, format!("{now}, as the database has it")),
        None => Finding::good(subject, now),
    }
}

fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.duration_since(other).unsigned_abs()
}
