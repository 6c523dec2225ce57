//! The status page: no script, one request, readable on a telephone.

use std::fmt::Write as _;
use std::time::Duration;

use super::answer::Answer;
use super::language::{Language, Words};
use crate::health::HealthCheck;
use crate::report::{CheckReport, Report};
use crate::slot::Slot;
use crate::status::Status;

const STYLE: &str = include_str!("page.css");
/// Nothing is loaded, nothing runs, nobody frames it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Makes the page; without a report it shows the status alone.
pub(crate) fn page(
    health: &HealthCheck,
    report: Option<&Report>,
    status: Status,
    language: Language,
) -> Answer {
    let words = language.words();
    let name = language.status(status);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta http-equiv=\"refresh\" content=\"15\">\
         <title>{name} · {title}</title><style>{STYLE}</style></head>\n<body>\n<main>\n\
         <h1>{title} <span class=\"status {}\">{name}</span></h1>\n",
        words.code,
        status.as_str(),
        title = words.title,
    );
    match report {
        Some(report) => details(&mut html, health, report, language),
        None => paragraph(&mut html, words.withheld),
    }
    html.push_str("</main>\n</body>\n</html>\n");
    Answer::new(health.0.mapping.code(status), "text/html; charset=utf-8", html).policy(POLICY)
}

fn details(html: &mut String, health: &HealthCheck, report: &Report, language: Language) {
    let words = language.words();
    if report.starting() {
        paragraph(html, words.starting);
    }
    if report.shutting_down() {
        paragraph(html, words.shutting_down);
    }
    if report.checks().is_empty() {
        paragraph(html, words.no_checks);
    }
    for check in report.checks() {
        let slot = health.0.slots.iter().find(|slot| *slot.check.name == *check.name());
        card(html, check, slot.map(|slot| &**slot), language);
    }
}

fn paragraph(html: &mut String, text: &str) {
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(html, "<p>{}</p>", Escaped(text));
}

fn card(html: &mut String, check: &CheckReport, slot: Option<&Slot>, language: Language) {
    let words = language.words();
    let status = check.status();
    let _ = write!(
        html,
        "<section>\n<h2>{} <span class=\"status {}\">{}</span>",
        Escaped(check.name()),
        status.as_str(),
        language.status(status)
    );
    if check.critical() {
        let _ = write!(html, " <small>{}</small>", words.critical);
    }
    html.push_str("</h2>\n");
    if let Some(description) = check.description() {
        paragraph(html, description);
    }
    if let Some(reason) = check.reason() {
        let _ = write!(html, "<p class=\"why\">{}", language.reason(reason));
        if let Some(error) = check.error() {
            let _ = write!(html, ": <code>{}</code>", Escaped(error));
        }
        html.push_str("</p>\n");
    }
    facts(html, check, language);
    if let Some(slot) = slot {
        strip(html, &slot.hour(), language);
    }
    html.push_str("</section>\n");
}

fn facts(html: &mut String, check: &CheckReport, language: Language) {
    let words = language.words();
    html.push_str("<dl>");
    for reading in check.readings() {
        let unit = if reading.name.ends_with("_usage") { " %" } else { "" };
        let value = reading.value.map_or_else(|| "?".to_owned(), |value| format!("{value:.1}{unit}"));
        fact(html, &language.reading(reading.name), &value);
    }
    fact(html, words.lasting, &span(check.since(), words));
    fact(html, words.asked, &span(check.age(), words));
    fact(html, words.took, &format!("{:.1} ms", check.duration().as_secs_f64() * 1e3));
    html.push_str("</dl>\n");
}

fn fact(html: &mut String, name: &str, value: &str) {
    let _ = write!(html, "<div><dt>{}</dt><dd>{}</dd></div>", Escaped(name), Escaped(value));
}

/// The largest unit that fits, rounded down.
fn span(duration: Duration, words: &Words) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} {}", words.seconds),
        60..3600 => format!("{} {}", seconds / 60, words.minutes),
        3600..86_400 => format!("{} {}", seconds / 3600, words.hours),
        _ => format!("{} {}", seconds / 86_400, words.days),
    }
}

/// A bar a minute, equal neighbours as one.
fn strip(html: &mut String, hour: &[Option<Status>], language: Language) {
    let words = language.words();
    let counted = |wanted| hour.iter().filter(|minute| **minute == wanted).count();
    let spoken: Vec<_> = Status::ALL
        .into_iter()
        .filter_map(|status| match counted(Some(status)) {
            0 => None,
            minutes => Some(format!("{} {minutes} {}", language.status(status), words.minutes)),
        })
        .collect();
    let _ = write!(
        html,
        "<figure><svg viewBox=\"0 0 {} 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}: {}\">",
        hour.len(),
        words.last_hour,
        if spoken.is_empty() { words.nothing_ran.to_owned() } else { spoken.join(", ") }
    );
    let mut from = 0;
    for run in hour.chunk_by(|a, b| a == b) {
        let class = run.first().copied().flatten().map_or("none", Status::as_str);
        let _ = write!(html, "<rect class=\"{class}\" x=\"{from}\" width=\"{}\" height=\"10\"/>", run.len());
        from += run.len();
    }
    let _ = writeln!(
        html,
        "</svg><figcaption><span>{}</span><span>{}</span></figcaption></figure>",
        words.hour_ago, words.now
    );
}

/// Text with what HTML would read as markup escaped, in text and in quoted attributes.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}
