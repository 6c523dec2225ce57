//! The HTML page.

use std::path::Path;

use clap::ValueEnum;
use ms_analytics::chart::{self, Page};

use crate::analyses::Report;
use crate::input::Failure;

/// Conflicts that the page lists.
pub const CONFLICTS: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English.
    En,
    /// Turkish.
    Tr,
}

impl Language {
    pub fn before_and_after(self) -> [&'static str; 2] {
        match self {
            Self::En => ["before", "after"],
            Self::Tr => ["önce", "sonra"],
        }
    }
}

impl From<Language> for chart::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Self::English,
            Language::Tr => Self::Turkish,
        }
    }
}

/// Writes all of a report that can be drawn.
pub fn write(out: &Path, report: &Report, language: Language) -> Result<(), Failure> {
    let mut page = Page::new(language.into()).shifts(&report.shifts);
    if let Some(timetable) = &report.timetable {
        page = page.timetable(timetable);
    }
    if let Some(load) = &report.load {
        page = page.load(load);
    }
    if let Some(conflicts) = &report.conflicts {
        page = page.conflicts(conflicts);
    }
    if let Some(rules) = &report.rules {
        page = page.rules(rules);
    }
    save(out, &page)
}

/// Writes curves of response times.
pub fn write_curves(out: &Path, samples: &[(&str, &[f64])], language: Language) -> Result<(), Failure> {
    let page = Page::new(language.into());
    let page = samples.iter().fold(page, |page, (name, seconds)| page.response_times(name, seconds));
    save(out, &page)
}

fn save(out: &Path, page: &Page<'_>) -> Result<(), Failure> {
    std::fs::write(out, page.html()).map_err(|error| Failure::new(out, error))
}
