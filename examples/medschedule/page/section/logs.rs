//! What is logged, and what was lost.

use std::fmt::{self, Formatter};

use super::super::chart::Chart;
use super::super::text::{Escaped, Short};
use super::{View, end_table, table};

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

pub(super) fn inner(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    let columns = [
        say("level", "düzey"),
        say(">events", ">olay"),
        say(">a second", ">saniyede"),
        say("last five minutes", "son beş dakika"),
    ];
    table(f, say("Log events by level", "Düzeye göre günlük olayları"), &columns)?;
    for level in LEVELS {
        let Some(events) = view.reading.log_events.get(level) else { continue };
        let line: Vec<_> = view.points.iter().map(|point| point.log_events.get(level).copied()).collect();
        let now = line.last().copied().flatten().unwrap_or_default();
        let label = format!("{level}: {}", Short(now));
        let class = if level == "error" { "errors" } else { "rate" };
        let lines = [(class, line)];
        let chart = Chart { label: &label, lines: &lines, at_least: 0.5 };
        writeln!(
            f,
            "<tr><th scope=\"row\">{level}<td class=\"n\">{events}<td class=\"n\">{}<td>{chart}</tr>",
            Short(now)
        )?;
    }
    end_table(f)?;
    if let Some(directives) = &view.levels {
        let what = say("Logged now:", "Şu an yazılan:");
        write!(f, "<p class=\"quiet\">{what} <code>{}</code></p>", Escaped(directives))?;
    }
    let lost: Vec<_> = view.reading.log_dropped.iter().filter(|(_, lines)| **lines > 0.0).collect();
    if lost.is_empty() {
        let none = say("No line was lost.", "Hiçbir satır kaybolmadı.");
        return write!(f, "<p class=\"quiet\">{none}</p>");
    }
    table(
        f,
        say("Lines lost", "Kaybolan satırlar"),
        &[say("lost, by reason", "kayıp nedeni"), say(">lines", ">satır")],
    )?;
    for (reason, lines) in lost {
        writeln!(f, "<tr><th scope=\"row\">{}<td class=\"n\">{lines}</tr>", Escaped(reason))?;
    }
    end_table(f)
}
