//! The whole document around its sections.

use std::fmt::{self, Display, Formatter};

use super::actions::Ended;
use super::forms;
use super::language::Language;
use super::section::{Inner, Section, View};

/// The page.
pub(super) struct Document<'v, 'a> {
    pub(super) view: &'v View<'a>,
    /// What the reader has just done.
    pub(super) ended: Option<Ended>,
}

impl Display for Document<'_, '_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { view, ended } = self;
        let language = view.language;
        head(f, language)?;
        header(f, view)?;
        f.write_str("<main id=\"main\" tabindex=\"-1\">\n")?;
        if let Some(ended) = ended {
            writeln!(f, "<p class=\"ended\" role=\"status\">{}</p>", ended.told(language))?;
        }
        figures(f, view)?;
        f.write_str("<div class=\"pair\">\n")?;
        for section in Section::ALL.into_iter().skip(2) {
            let (id, title, inner) = (section.id(), section.title(language), Inner(section, view));
            writeln!(f, "<section id=\"{id}\" data-live aria-label=\"{title}\">\n{inner}</section>")?;
            match section {
                Section::Alerts => f.write_str("</div>\n")?,
                Section::Logs if view.levels.is_some() => forms::level(f, language)?,
                Section::Roster => forms::plan(f, language)?,
                _ => {}
            }
        }
        f.write_str("</main>\n")?;
        foot(f, language)
    }
}

fn head(f: &mut Formatter<'_>, language: Language) -> fmt::Result {
    let title = language.say("MedSchedule: operations", "MedSchedule: işletim");
    write!(
        f,
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <noscript><meta http-equiv=\"refresh\" content=\"15\"></noscript>\n\
         <title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"/operations.css\">\n\
         <script src=\"/operations.js\" defer></script>\n\
         </head>\n<body>\n",
        language.code()
    )
}

fn header(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    let (skip, live) = (say("Skip to the content", "İçeriğe geç"), say("live", "canlı"));
    let lost = say("no connection, trying again", "bağlantı yok, yeniden deneniyor");
    let status = Inner(Section::Status, view);
    write!(
        f,
        "<a class=\"skip\" href=\"#main\">{skip}</a>\n\
         <header><h1>MedSchedule</h1>\
         <p id=\"{}\" role=\"status\" data-live>{status}</p>\
         <p id=\"link\" data-live-word=\"{live}\" data-lost-word=\"{lost}\" hidden></p>",
        Section::Status.id()
    )?;
    let other = view.language.other();
    let name = other.say("English", "Türkçe");
    let code = other.code();
    writeln!(
        f,
        "<a class=\"language\" href=\"/?lang={code}\" lang=\"{code}\" hreflang=\"{code}\">{name}</a></header>"
    )
}

fn figures(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let (label, id) = (view.language.say("Figures", "Göstergeler"), Section::Figures.id());
    let inner = Inner(Section::Figures, view);
    writeln!(
        f,
        "<section aria-label=\"{label}\"><dl id=\"{id}\" class=\"figures\" data-live>\n{inner}</dl></section>"
    )
}

fn foot(f: &mut Formatter<'_>, language: Language) -> fmt::Result {
    let say = |english, turkish| language.say(english, turkish);
    writeln!(f, "<footer><nav aria-label=\"{}\">", say("Raw data", "Ham veri"))?;
    for (path, name) in [
        ("/health", say("health", "sağlık")),
        ("/health/live", say("live", "canlılık")),
        ("/health/ready", say("ready", "hazırlık")),
        ("/health/startup", say("started", "başlangıç")),
        ("/health/status", say("status page", "durum sayfası")),
        ("/health/explain", say("health explained", "sağlık açıklaması")),
        ("/metrics", say("metrics", "metrikler")),
        ("/api/v1/explain/metrics", say("metrics explained", "metrik açıklaması")),
        ("/api/v1/alerts", say("alerts", "alarmlar")),
        ("/api/v1/shifts", say("shifts", "vardiyalar")),
        ("/api/v1/reports/shifts", say("shift report", "vardiya raporu")),
        ("/api/v1/reports/response-times", say("response times", "yanıt süreleri")),
    ] {
        writeln!(f, "<a href=\"{path}\">{name}</a>")?;
    }
    let note = say(
        "Mean and percentiles at the top are those of the last five minutes. Without script the page renews itself every 15 seconds.",
        "Üstteki ortalama ve yüzdelikler son beş dakikanındır. Betik olmadan sayfa 15 saniyede bir yenilenir.",
    );
    write!(f, "</nav><p>{note}</p></footer>\n</body>\n</html>\n")
}
