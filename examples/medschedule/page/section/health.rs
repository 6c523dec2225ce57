//! The checks.

use std::fmt::{self, Formatter};

use ms_health::CheckReport;

use super::super::text::{Escaped, Milliseconds};
use super::{View, end_table, pill, table};

pub(super) fn inner(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    let took = format!(">{}", say("took", "süre"));
    let columns = [say("check", "denetim"), say("status", "durum"), say("what it found", "bulgu"), &took];
    table(f, say("Health checks", "Sağlık denetimleri"), &columns)?;
    for check in view.health.checks() {
        let critical =
            if check.critical() { say(" <small>critical</small>", " <small>kritik</small>") } else { "" };
        let name = Escaped(check.name());
        write!(
            f,
            "<tr><th scope=\"row\">{name}{critical}<td>{}<td>",
            pill(check.status().as_str(), view.language)
        )?;
        found(f, check)?;
        writeln!(f, "<td class=\"n\">{}</tr>", Milliseconds(check.duration().as_secs_f64()))?;
    }
    end_table(f)
}

fn found(f: &mut Formatter<'_>, check: &CheckReport) -> fmt::Result {
    for reading in check.readings() {
        if let Some(value) = reading.value {
            let name = Escaped(reading.name.trim_end_matches("_usage"));
            write!(
                f,
                "<span class=\"reading\">{name} <meter min=\"0\" max=\"100\" high=\"90\" value=\"{value:.1}\" \
                 aria-label=\"{name}\"></meter> {value:.0} %</span> "
            )?;
        }
    }
    match check.error().or(check.reason().map(|reason| reason.as_str())) {
        Some(error) => write!(f, "{}", Escaped(error)),
        None => Ok(()),
    }
}
