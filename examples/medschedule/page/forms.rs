//! The forms of the page. They stand outside the sections that are renewed.

use std::fmt::{self, Formatter};

use super::language::Language;

/// So that the page comes back in its language.
pub(super) fn chosen(f: &mut Formatter<'_>, language: Language) -> fmt::Result {
    write!(f, "<input type=\"hidden\" name=\"lang\" value=\"{}\">", language.code())
}

pub(super) fn plan(f: &mut Formatter<'_>, language: Language) -> fmt::Result {
    let say = |english, turkish| language.say(english, turkish);
    let title = say("Plan a shift", "Vardiya planla");
    write!(f, "<section id=\"plan\" aria-label=\"{title}\"><h2>{title}</h2>")?;
    f.write_str("<form class=\"fields\" method=\"post\" action=\"/actions/plan\">\n")?;
    chosen(f, language)?;
    for (name, label, kind) in [
        ("employee", say("Employee", "Çalışan"), "text"),
        ("department", say("Department", "Bölüm"), "text"),
        ("start", say("Start (UTC+3)", "Başlangıç (UTC+3)"), "datetime-local"),
        ("end", say("End (UTC+3)", "Bitiş (UTC+3)"), "datetime-local"),
    ] {
        writeln!(
            f,
            "<label>{label} <input type=\"{kind}\" name=\"{name}\" required autocomplete=\"off\"></label>"
        )?;
    }
    writeln!(f, "<button>{}</button>\n</form></section>", say("Plan", "Planla"))
}

pub(super) fn level(f: &mut Formatter<'_>, language: Language) -> fmt::Result {
    let say = |english, turkish| language.say(english, turkish);
    let title = say("Log more or less", "Daha çok ya da az yaz");
    write!(f, "<section id=\"level\" aria-label=\"{title}\"><h2>{title}</h2>")?;
    f.write_str("<form class=\"fields\" method=\"post\" action=\"/actions/level\">\n")?;
    chosen(f, language)?;
    write!(f, "<label>{} <select name=\"level\">", say("Level, for ten minutes", "Düzey, on dakika için"))?;
    for level in ["error", "warn", "info", "debug", "trace"] {
        let chosen = if level == "info" { " selected" } else { "" };
        write!(f, "<option{chosen}>{level}</option>")?;
    }
    writeln!(f, "</select></label>\n<button>{}</button>\n</form></section>", say("Change", "Değiştir"))
}
