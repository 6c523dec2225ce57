//! What is written in a mail.

use std::fmt::Write as _;

use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use crate::alert::Alert;
use crate::delivery::Notification;
use crate::labels::Labels;
use crate::state::State;

/// More are counted, but nobody would read them.
pub(super) const MOST_ALERTS: usize = 100;
/// In characters.
const LONGEST_SUBJECT: usize = 250;
const LONGEST_TEXT: usize = 4000;

pub(super) fn of(
    notification: &Notification,
    from: &Mailbox,
    to: &[Mailbox],
    subject: &str,
) -> Result<Message, lettre::error::Error> {
    let subject = one_line(subject, LONGEST_SUBJECT);
    let id = format!("<{}@{}>", notification.id(), from.email.domain());
    // So that an answering machine does not answer (RFC 3834).
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    let mut message = Message::builder().from(from.clone()).message_id(Some(id)).date_now();
    for receiver in to {
        message = message.to(receiver.clone());
    }
    let part = |kind, body: String| SinglePart::builder().header(kind).body(body);
    message
        .subject(subject.as_str())
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .multipart(
            MultiPart::alternative()
                .singlepart(part(ContentType::TEXT_PLAIN, text(notification)))
                .singlepart(part(ContentType::TEXT_HTML, html(notification, &subject))),
        )
}

/// Without what could end a header's line, or what is none to look at.
fn one_line(text: &str, most: usize) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    cut(line.trim(), most)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Without what a terminal would obey.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

fn heading(alert: &Alert) -> String {
    let status = if alert.state == State::Resolved { "Resolved" } else { "Firing" };
    format!("{status}: {}", one_line(&alert.rule, LONGEST_SUBJECT))
}

/// What is told of an alert beside labels and texts.
fn times(alert: &Alert) -> Vec<(&'static str, String)> {
    let mut times = vec![("since", alert.active_at.to_string())];
    times.extend(alert.resolved_at.map(|at| ("until", at.to_string())));
    times
}

fn more(notification: &Notification) -> Option<String> {
    let left = notification.truncated();
    (left > 0).then(|| format!("and {left} more"))
}

fn text(notification: &Notification) -> String {
    let mut out = String::new();
    let list = |out: &mut String, labels: &Labels| {
        for (name, value) in labels.iter() {
            let _ = writeln!(out, "  {name}: {}", clean(&cut(value, LONGEST_TEXT)).replace('\n', "\n    "));
        }
    };
    for alert in notification.alerts() {
        let _ = writeln!(out, "{}", heading(alert));
        list(&mut out, &alert.labels);
        list(&mut out, &alert.annotations);
        for (name, at) in times(alert) {
            let _ = writeln!(out, "  {name}: {at}");
        }
        if !alert.generator_url.is_empty() {
            let _ = writeln!(out, "  {}", alert.generator_url);
        }
        out.push('\n');
    }
    out.extend(more(notification).map(|more| more + "\n"));
    if !notification.external_url().is_empty() {
        let _ = writeln!(out, "{}", notification.external_url());
    }
    out
}

fn html(notification: &Notification, subject: &str) -> String {
    let mut out = String::from("<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head><body>\n");
    let _ = writeln!(out, "<h2>{}</h2>", escape(subject));
    for alert in notification.alerts() {
        let colour = if alert.state == State::Resolved { "#2e7d32" } else { "#c62828" };
        let _ = writeln!(out, "<h3 style=\"color:{colour}\">{}</h3>\n<table>", escape(&heading(alert)));
        let row = |out: &mut String, name: &str, value: &str| {
            let (name, value) = (escape(name), escape(&cut(value, LONGEST_TEXT)).replace('\n', "<br>"));
            let _ = writeln!(out, "<tr><th align=\"left\">{name}</th><td>{value}</td></tr>");
        };
        alert
            .labels
            .iter()
            .chain(alert.annotations.iter())
            .for_each(|(name, value)| row(&mut out, name, value));
        times(alert).iter().for_each(|(name, at)| row(&mut out, name, at));
        out.push_str("</table>\n");
        link(&mut out, &alert.generator_url);
    }
    out.extend(more(notification).map(|more| format!("<p>{more}</p>\n")));
    link(&mut out, notification.external_url());
    out.push_str("</body></html>\n");
    out
}

/// Where the operator's own URL leads; of another scheme than HTTP's it is no link.
fn link(out: &mut String, url: &str) {
    if url.starts_with("http://") || url.starts_with("https://") {
        let url = escape(url);
        let _ = writeln!(out, "<p><a href=\"{url}\">{url}</a></p>");
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
