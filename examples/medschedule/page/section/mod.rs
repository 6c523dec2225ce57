//! The parts of the page, each renewed by itself.

mod alerts;
mod audit;
mod explain;
mod figures;
mod health;
mod logs;
mod machine;
mod requests;
mod roster;
mod status;

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use ms_analytics::ResponseTimes;
use ms_health::Report;
use ms_metrics::Explanation;

use super::history::Point;
use super::language::Language;
use super::reading::Reading;
use super::rosters::Roster;
use crate::audit::Entry;

/// What the page shows.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) language: Language,
    pub(super) health: &'a Report,
    pub(super) alerts: &'a [Active],
    pub(super) reading: &'a Reading,
    pub(super) points: &'a [Arc<Point>],
    pub(super) times: Option<ResponseTimes>,
    pub(super) roster: &'a Roster,
    /// The last changes.
    pub(super) audit: &'a [Entry],
    /// What is logged, where the reader may change it.
    pub(super) levels: Option<String>,
    pub(super) explanation: &'a Explanation,
}

/// An alert that is pending or firing.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) name: String,
    pub(super) state: &'static str,
    pub(super) severity: String,
    pub(super) since: String,
    pub(super) summary: String,
}

/// A part of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Status,
    Figures,
    Health,
    Alerts,
    Requests,
    Machine,
    Logs,
    Roster,
    Latest,
    Audit,
    Metrics,
}

impl Section {
    /// All of them, in the order of the page.
    pub(super) const ALL: [Self; 11] = [
        Self::Status,
        Self::Figures,
        Self::Health,
        Self::Alerts,
        Self::Requests,
        Self::Machine,
        Self::Logs,
        Self::Roster,
        Self::Latest,
        Self::Audit,
        Self::Metrics,
    ];

    /// Its id in the page, and its name among the events.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Figures => "figures",
            Self::Health => "health",
            Self::Alerts => "alerts",
            Self::Requests => "requests",
            Self::Machine => "machine",
            Self::Logs => "logs",
            Self::Roster => "roster",
            Self::Latest => "latest",
            Self::Audit => "audit",
            Self::Metrics => "metrics",
        }
    }

    /// Its heading; empty for the two that have none.
    pub(super) const fn title(self, language: Language) -> &'static str {
        match self {
            Self::Status | Self::Figures => "",
            Self::Health => language.say("Health", "Sağlık"),
            Self::Alerts => language.say("Alerts", "Alarmlar"),
            Self::Requests => language.say("Requests", "İstekler"),
            Self::Machine => language.say("Machine and process", "Makine ve süreç"),
            Self::Logs => language.say("Log", "Günlük"),
            Self::Roster => language.say("Roster", "Çizelge"),
            Self::Latest => language.say("Planned last", "Son planlananlar"),
            Self::Audit => language.say("Changes", "Değişiklikler"),
            Self::Metrics => language.say("Metrics", "Metrikler"),
        }
    }
}

/// A section's inner text.
pub(super) struct Inner<'v, 'a>(pub(super) Section, pub(super) &'v View<'a>);

impl Display for Inner<'_, '_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(section, view) = self;
        let title = section.title(view.language);
        if !title.is_empty() {
            write!(f, "<h2>{title}</h2>")?;
        }
        match section {
            Section::Status => status::inner(f, view),
            Section::Figures => figures::inner(f, view),
            Section::Health => health::inner(f, view),
            Section::Alerts => alerts::inner(f, view),
            Section::Requests => requests::inner(f, view),
            Section::Machine => machine::inner(f, view),
            Section::Logs => logs::inner(f, view),
            Section::Roster => roster::inner(f, view),
            Section::Latest => roster::latest(f, view),
            Section::Audit => audit::inner(f, view),
            Section::Metrics => explain::inner(f, view),
        }
    }
}

/// Opens a table that scrolls by itself where it is too wide; the keyboard reaches it. `name` tells what it shows.
fn table(f: &mut Formatter<'_>, name: &str, columns: &[&str]) -> fmt::Result {
    write!(
        f,
        "<div class=\"scroll\" role=\"region\" aria-label=\"{name}\" tabindex=\"0\"><table><thead><tr>"
    )?;
    for column in columns {
        // A figure's column is written `>figure`.
        match column.strip_prefix('>') {
            Some(figure) => write!(f, "<th scope=\"col\" class=\"n\">{figure}")?,
            None => write!(f, "<th scope=\"col\">{column}")?,
        }
    }
    f.write_str("</tr></thead><tbody>\n")
}

fn end_table(f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("</tbody></table></div>")
}

/// A status or state, told by word and colour.
fn pill(word: &'static str, language: Language) -> String {
    let told = match word {
        "healthy" => language.say("healthy", "sağlıklı"),
        "degraded" => language.say("degraded", "kısıtlı"),
        "unhealthy" => language.say("unhealthy", "çalışmıyor"),
        "unknown" => language.say("unknown", "bilinmiyor"),
        "firing" => language.say("firing", "etkin"),
        "pending" => language.say("pending", "beklemede"),
        "resolved" => language.say("resolved", "sona erdi"),
        other => other,
    };
    format!("<span class=\"pill {word}\">{told}</span>")
}
