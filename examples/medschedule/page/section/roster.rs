//! The roster: a week as a picture, conflicts, rest and how evenly work is spread.

use std::fmt::{self, Formatter};

use serde_json::Value;

use super::super::forms::chosen;
use super::super::language::Language;
use super::super::text::{Escaped, Optional, Short, Time};
use super::{View, end_table, table};
use crate::store::StoredShift;

const BUSIEST: usize = 8;

pub(super) fn inner(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    let Some(report) = &view.roster.report else {
        let none = say("The roster cannot be read now.", "Çizelge şu anda okunamıyor.");
        return write!(f, "<p class=\"quiet\">{none}</p>");
    };
    picture(f, view)?;
    f.write_str("<div class=\"columns\">")?;
    let by = |pointer: &str| report.pointer(pointer);
    ranking(
        f,
        view.language,
        say("shifts by department", "bölüme göre vardiya"),
        by("/shifts_per_department"),
    )?;
    let title = say("conflicts by department", "bölüme göre çakışma");
    ranking(f, view.language, title, by("/common_conflicts/by_department"))?;
    let title = say("conflicts by employee", "çalışana göre çakışma");
    ranking(f, view.language, title, by("/common_conflicts/by_employee"))?;
    let title = say("rests under 11 h by employee", "çalışana göre 11 saatten kısa dinlenme");
    ranking(f, view.language, title, by("/rest/by_employee"))?;
    f.write_str("</div>")?;
    fairness(f, view)
}

fn picture(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    let Some(week) = &view.roster.week else { return Ok(()) };
    let label = say("Roster of one week", "Bir haftalık çizelge");
    write!(f, "<div class=\"scroll gantt\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">")?;
    f.write_str(match view.language {
        Language::English => &week.english,
        Language::Turkish => &week.turkish,
    })?;
    let note = say(
        "One row an employee, one bar a shift; a hatched bar with a red frame is in conflict.",
        "Her satır bir çalışan, her çubuk bir vardiya; kırmızı çerçeveli taralı çubuk çakışıyor.",
    );
    write!(f, "</div><p class=\"quiet\">{note}")?;
    if week.left_out {
        let more = say(
            "Only the first 150 shifts of the week are drawn.",
            "Haftanın yalnızca ilk 150 vardiyası çizildi.",
        );
        write!(f, " {more}")?;
    }
    f.write_str("</p>")
}

fn fairness(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    let Some(fairness) = &view.roster.fairness else { return Ok(()) };
    let columns = [
        say("spread over employees", "çalışanlara dağılım"),
        say(">least", ">en az"),
        say(">mean", ">ortalama"),
        say(">most", ">en çok"),
        ">Gini",
    ];
    table(f, say("Fairness", "Adalet"), &columns)?;
    for (key, name) in [
        ("hours", say("hours", "saat")),
        ("nights", say("night shifts", "gece vardiyası")),
        ("weekends", say("weekend shifts", "hafta sonu vardiyası")),
        ("holidays", say("shifts on public holidays", "resmî tatil vardiyası")),
    ] {
        write!(f, "<tr><th scope=\"row\">{name}")?;
        for figure in ["min", "mean", "max", "gini"] {
            let value = fairness.pointer(&format!("/{key}/{figure}")).and_then(Value::as_f64);
            write!(f, "<td class=\"n\">{}", Optional(value.map(Short)))?;
        }
        f.write_str("</tr>\n")?;
    }
    end_table(f)?;
    let note = say(
        "Gini: 0 where all have the same, near 1 where one has all.",
        "Gini: herkes eşitse 0, hepsi birindeyse 1’e yakın.",
    );
    write!(f, "<p class=\"quiet\">{note}</p>")
}

pub(super) fn latest(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    let Some(latest) = view.roster.latest.as_ref().filter(|latest| !latest.is_empty()) else {
        return write!(f, "<p class=\"quiet\">{}</p>", say("No shift to show.", "Gösterilecek vardiya yok."));
    };
    let columns = [
        say("employee", "çalışan"),
        say("department", "bölüm"),
        say("start", "başlangıç"),
        say("end", "bitiş"),
        say(">hours", ">saat"),
        say("change", "değişiklik"),
    ];
    table(f, say("Shifts planned last", "Son planlanan vardiyalar"), &columns)?;
    let cancel = say("Cancel", "İptal et");
    for StoredShift { id, employee, department, start, end, duration, .. } in latest {
        let (id, employee, department) = (Escaped(id), Escaped(employee), Escaped(department));
        let (start, end, hours) = (Time(start), Time(end), (duration * 100.0).round() / 100.0);
        write!(
            f,
            "<tr><th scope=\"row\">{employee}<td>{department}<td>{start}<td>{end}<td class=\"n\">{hours}"
        )?;
        write!(f, "<td><form method=\"post\" action=\"/actions/cancel\">")?;
        chosen(f, view.language)?;
        writeln!(
            f,
            "<input type=\"hidden\" name=\"id\" value=\"{id}\">\
             <button aria-label=\"{cancel}: {employee}\">{cancel}</button></form></tr>"
        )?;
    }
    end_table(f)
}

fn ranking(f: &mut Formatter<'_>, language: Language, title: &str, counts: Option<&Value>) -> fmt::Result {
    let counts = counts.and_then(Value::as_object).into_iter().flatten();
    let mut counts: Vec<_> = counts.filter_map(|(name, count)| Some((count.as_u64()?, name))).collect();
    counts.sort_by(|(a, a_name), (b, b_name)| b.cmp(a).then(a_name.cmp(b_name)));
    let most = counts.first().map_or(1, |(most, _)| *most);
    write!(f, "<div><h3>{title}</h3>")?;
    if counts.is_empty() {
        return write!(f, "<p class=\"quiet\">{}</p></div>", language.say("none", "yok"));
    }
    f.write_str("<table>")?;
    for (count, name) in counts.iter().take(BUSIEST) {
        let name = Escaped(name);
        write!(
            f,
            "<tr><th scope=\"row\">{name}<td><progress max=\"{most}\" value=\"{count}\" aria-label=\"{name}\"></progress>\
             <td class=\"n\">{count}</tr>"
        )?;
    }
    f.write_str("</table>")?;
    match counts.len().saturating_sub(BUSIEST) {
        0 => f.write_str("</div>"),
        more => write!(f, "<p class=\"quiet\">{} {more}</p></div>", language.say("and more:", "ve başka:")),
    }
}
