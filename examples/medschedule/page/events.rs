//! What changes on the page, as server-sent events: one a section, its name that of the section.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::Operations;
use super::language::Language;
use super::rosters::Roster;
use super::section::{Inner, Section};
use crate::problem::Problem;

/// Pages that are renewed at the same time. Each holds one of the service's 512 connections.
pub(super) const VIEWERS: usize = 32;
/// The roster is read again after so many steps.
const ROSTER: u32 = 4;

/// One who looks at the page.
struct Viewer {
    operations: Operations,
    language: Language,
    ticks: watch::Receiver<()>,
    roster: Roster,
    step: u32,
    /// What the page shows of each section.
    shown: [String; Section::ALL.len()],
    _place: OwnedSemaphorePermit,
}

/// Answers with what changes, until the service ends or the client goes.
pub(super) fn stream(operations: Operations, language: Language) -> Response {
    let Ok(place) = Arc::clone(&operations.feed.viewers).try_acquire_owned() else {
        return Problem::unavailable("too many pages are renewed live").into_response();
    };
    let ticks = operations.feed.ticks.clone();
    let viewer = Viewer {
        operations,
        language,
        ticks,
        roster: Roster::default(),
        step: 0,
        shown: Default::default(),
        _place: place,
    };
    let body = Body::from_stream(unfold(viewer, Viewer::next));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

impl Viewer {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        // The sender goes with the service.
        self.ticks.changed().await.ok()?;
        if self.step.is_multiple_of(ROSTER) {
            self.roster = Roster::read(&self.operations.service).await;
        }
        self.step = self.step.wrapping_add(1);
        // A comment, so that a client that is gone is noticed where nothing has changed.
        let mut text = String::from(":\n");
        let changed = self.operations.view(self.language, &self.roster, |view| {
            Section::ALL.map(|section| Inner(section, view).to_string())
        });
        for ((section, now), shown) in Section::ALL.into_iter().zip(changed.await).zip(&mut self.shown) {
            if *shown != now {
                event(&mut text, section.id(), &now);
                *shown = now;
            }
        }
        Some((Ok(text.into()), self))
    }
}

fn event(text: &mut String, name: &str, data: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "event: {name}");
    for line in data.split(['\n', '\r']) {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_the_data_is_taken_for_a_field() {
        let mut text = String::new();
        event(&mut text, "alerts", "<p>a\rdata: b\nid: 3</p>");
        assert_eq!(text, "event: alerts\ndata: <p>a\ndata: data: b\ndata: id: 3</p>\n\n");
    }
}
