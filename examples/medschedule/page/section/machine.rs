//! The machine and the process.

use std::fmt::{self, Display, Formatter};

use super::super::chart::Chart;
use super::super::history::Point;
use super::super::text::{Bytes, Short};
use super::View;

pub(super) fn inner(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    f.write_str("<div class=\"charts\">")?;
    let share = |value: f64| format!("{} %", Short(value));
    let count = |value: f64| format!("{value:.0}");
    let bytes = |value: f64| Bytes(value).to_string();
    chart(f, view, say("CPU, machine", "CPU, makine"), |point| point.cpu, 100.0, &share)?;
    chart(f, view, say("memory, machine", "bellek, makine"), |point| point.memory, 100.0, &share)?;
    chart(f, view, say("disk, root", "disk, kök"), |point| point.disk, 100.0, &share)?;
    chart(f, view, say("CPU, process", "CPU, süreç"), |point| point.process_cpu, 100.0, &share)?;
    chart(f, view, say("memory, process", "bellek, süreç"), |point| point.process_memory, 1.0, &bytes)?;
    chart(f, view, say("open files", "açık dosya"), |point| point.open_files, 1.0, &count)?;
    chart(f, view, say("threads", "iş parçacığı"), |point| point.threads, 1.0, &count)?;
    f.write_str("</div>")
}

fn chart(
    f: &mut Formatter<'_>,
    view: &View<'_>,
    name: &str,
    pick: fn(&Point) -> Option<f64>,
    at_least: f64,
    unit: &dyn Fn(f64) -> String,
) -> fmt::Result {
    let line: Vec<_> = view.points.iter().map(|point| pick(point)).collect();
    let now: Box<dyn Display> = match line.last().copied().flatten() {
        Some(value) => Box::new(unit(value)),
        None => Box::new("–"),
    };
    let label = format!("{name}: {now}");
    let lines = [("rate", line)];
    let chart = Chart { label: &label, lines: &lines, at_least };
    writeln!(f, "<div><h3>{name}</h3><b>{now}</b>{chart}</div>")
}
