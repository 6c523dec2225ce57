//! What the page asks of the roster, within a time: it is for times of trouble.

use std::time::Duration;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use ms_analytics::chart::{self, gantt};
use ms_analytics::load::{Holidays, LoadAnalytics};
use ms_analytics::timetable::Timetable;
use serde_json::Value;
use tokio::time::timeout;

use crate::api::shift_report;
use crate::service::Service;
use crate::store::{Filter, Store, StoreError, StoredShift};

/// What does not answer by then is left out.
const PATIENCE: Duration = Duration::from_secs(2);
const LATEST: u16 = 10;
/// More bars would make the page too large.
const DRAWN: u16 = 150;
const DAY: i64 = 86_400_000_000;

/// What was found of the roster; `None` is what could not be read in time.
#[derive(Debug, Default)]
pub(super) struct Roster {
    /// The report over all shifts.
    pub(super) report: Option<Value>,
    pub(super) latest: Option<Vec<StoredShift>>,
    /// How evenly the employees are loaded.
    pub(super) fairness: Option<Value>,
    /// The picture; none of an empty roster either.
    pub(super) week: Option<Week>,
}

/// Seven days as a picture.
#[derive(Debug)]
pub(super) struct Week {
    pub(super) english: String,
    pub(super) turkish: String,
    /// Whether there was more than is drawn.
    pub(super) left_out: bool,
}

impl Roster {
    pub(super) async fn read(service: &Service) -> Self {
        let everything = Filter::default();
        let (report, latest, fairness, week) = tokio::join!(
            timeout(PATIENCE, shift_report(service, &everything)),
            timeout(PATIENCE, service.store.latest(LATEST)),
            timeout(PATIENCE, fairness(service)),
            timeout(PATIENCE, Week::read(&service.store)),
        );
        Self {
            report: report.ok().and_then(Result::ok).and_then(|text| serde_json::from_slice(&text).ok()),
            latest: latest.ok().and_then(Result::ok),
            fairness: fairness.ok().and_then(Result::ok).and_then(|text| serde_json::from_slice(&text).ok()),
            week: week.ok().and_then(Result::ok).flatten(),
        }
    }

    /// A whole number of the report.
    pub(super) fn figure(&self, pointer: &str) -> Option<u64> {
        self.report.as_ref()?.pointer(pointer)?.as_u64()
    }
}

async fn fairness(service: &Service) -> Result<bytes::Bytes, StoreError> {
    let store = service.store.clone();
    let compute = async move {
        let zone = LoadAnalytics::new("Europe/Istanbul", Holidays::turkey());
        let mut analytics = zone.map_err(|_| StoreError::Interrupted)?;
        let mut rows = store.stream(&Filter::default());
        while let Some(row) = rows.try_next().await? {
            analytics.add(row.as_shift()?);
        }
        let report = tokio::task::spawn_blocking(move || serde_json::to_vec(&analytics.finish().fairness));
        match report.await {
            Ok(Ok(text)) => Ok(text.into()),
            _ => Err(StoreError::Interrupted),
        }
    };
    service.cached("fairness", compute).await
}

impl Week {
    /// Draws the week from yesterday on; where nobody works in it, the last seven days with a start before.
    async fn read(store: &Store) -> Result<Option<Self>, StoreError> {
        let now = Timestamp::now().as_microsecond();
        let mut week = Self::from(store, now - DAY).await?;
        if week.is_none()
            && let Some(last) = store.last_start_before(now).await?
        {
            week = Self::from(store, last - 6 * DAY).await?;
        }
        Ok(week)
    }

    async fn from(store: &Store, from_us: i64) -> Result<Option<Self>, StoreError> {
        let filter = Filter {
            from_us: Some(from_us),
            to_us: Some(from_us.saturating_add(7 * DAY)),
            ..Filter::default()
        };
        let (shifts, more) = store.page(&filter, None, DRAWN).await?;
        if shifts.is_empty() {
            return Ok(None);
        }
        let mut timetable = Timetable::default();
        for shift in &shifts {
            timetable.add(shift.as_shift()?);
        }
        Ok(Some(Self {
            english: gantt(&timetable, chart::Language::English),
            turkish: gantt(&timetable, chart::Language::Turkish),
            left_out: more.is_some(),
        }))
    }
}
