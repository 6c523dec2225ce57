//! The figures that are looked at first.

use std::fmt::{self, Display, Formatter};

use super::super::text::{Milliseconds, Optional, Short};
use super::View;

pub(super) fn inner(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    let last = view.points.last().map(|point| point.all);
    let roster = |key: &str| Optional(view.roster.figure(key));
    let times = view.times;
    figure(f, say("requests a second", "istek/saniye"), &Optional(last.map(|red| Short(red.rate))))?;
    figure(f, say("errors a second", "hata/saniye"), &Optional(last.map(|red| Short(red.errors))))?;
    figure(
        f,
        say("mean response", "ortalama yanıt"),
        &Optional(times.map(|times| Milliseconds(times.avg_response_time))),
    )?;
    figure(
        f,
        say("95 % within", "%95’i"),
        &Optional(times.map(|times| Milliseconds(times.p95_response_time))),
    )?;
    figure(
        f,
        say("99 % within", "%99’u"),
        &Optional(times.map(|times| Milliseconds(times.p99_response_time))),
    )?;
    figure(f, say("users signed in", "açık oturum"), &Optional(view.reading.plain("active_users_total")))?;
    figure(f, say("shifts", "vardiya"), &roster("/total_shifts"))?;
    figure(f, say("employees", "çalışan"), &roster("/employees"))?;
    figure(f, say("conflicts", "çakışma"), &roster("/common_conflicts/total_pairs"))?;
    figure(f, say("rests too short", "kısa dinlenme"), &roster("/rest/violations"))
}

fn figure(f: &mut Formatter<'_>, name: &str, value: &dyn Display) -> fmt::Result {
    writeln!(f, "<div><dt>{name}</dt><dd>{value}</dd></div>")
}
