//! What is pending or firing.

use std::fmt::{self, Formatter};

use super::super::text::{Escaped, Time};
use super::{Active, View, end_table, pill, table};

pub(super) fn inner(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    if view.alerts.is_empty() {
        let none = say("No alert is pending or firing.", "Bekleyen ya da etkin alarm yok.");
        return write!(f, "<p class=\"quiet\">{none}</p>");
    }
    let columns = [
        say("alert", "alarm"),
        say("state", "durum"),
        say("severity", "önem"),
        say("since", "başlangıç"),
        say("summary", "özet"),
    ];
    table(f, say("Active alerts", "Etkin alarmlar"), &columns)?;
    for Active { name, state, severity, since, summary } in view.alerts {
        let (name, severity, summary) = (Escaped(name), Escaped(severity), Escaped(summary));
        write!(f, "<tr><th scope=\"row\">{name}<td>{}", pill(state, view.language))?;
        writeln!(f, "<td>{severity}<td>{}<td>{summary}</tr>", Time(since))?;
    }
    end_table(f)
}
