//! Dashboards for Grafana, made from a [`Catalog`].
//!
//! ```
//! use ms_metrics::grafana::{Dashboard, Row};
//! use ms_metrics::{Metric, Metrics};
//!
//! const SWAPS: Metric = Metric::counter("shift_swaps_total", "Shifts swapped.").labels(&["department"]);
//!
//! let metrics = Metrics::builder().catalog([SWAPS]).build()?;
//! let dashboard = Dashboard::new("Rosters").job("rosters").row(Row::Machine, false);
//! let json = dashboard.to_json(metrics.catalog());
//! assert!(json.contains("sum by (department) (rate(shift_swaps_total{"));
//! # Ok::<(), ms_metrics::BuildError>(())
//! ```

mod business;
mod machine;
mod model;
mod own;
mod panel;
mod process;
mod query;
mod requests;
#[cfg(test)]
mod tests;
mod unit;
mod variables;

use self::model::{GridPos, Item, List, Model, Panel, Placed, RowPanel, TimeRange};
use self::query::Natives;
use self::requests::Names;
use crate::catalog::Catalog;

/// Grafana takes no longer uid.
const LONGEST_UID: usize = 40;
/// Grafana's grid.
const WIDTH: u32 = 24;
const HEIGHT: u32 = 8;
/// Panels of one row have ids of one thousand, so that a panel more in one row leaves those of the others as they are.
const IDS: u32 = 1000;

/// A part of a [`Dashboard`]: its name, and what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Row {
    /// Rate, errors and duration of HTTP requests by endpoint.
    Requests,
    /// Sizes of bodies and the time to the first byte, which the HTTP layer measures on request, so it is off by default.
    Bodies,
    /// Usage, saturation and errors of CPU, memory, disks and network.
    Machine,
    /// The quota of the control group and how often it holds threads back. Without a quota there is nothing to show, so
    /// it is off by default.
    Container,
    /// CPU, memory, file descriptors and threads of the process.
    Process,
    /// Workers and tasks of the tokio runtime.
    Runtime,
    /// Collectors that hang, and what the guard did not let in.
    Metrics,
    /// What is counted of the trade: ours, and all that the team has declared.
    Business,
}

impl Row {
    const ALL: [Self; 8] = [
        Self::Requests,
        Self::Bodies,
        Self::Machine,
        Self::Container,
        Self::Process,
        Self::Runtime,
        Self::Metrics,
        Self::Business,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Requests => "Requests",
            Self::Bodies => "Bodies",
            Self::Machine => "Machine",
            Self::Container => "Container",
            Self::Process => "Process",
            Self::Runtime => "Runtime",
            Self::Metrics => "Metrics",
            Self::Business => "Business",
        }
    }

    fn panels(self, catalog: &Catalog, requests: &Names, natives: &Natives) -> Vec<Panel> {
        match self {
            Self::Requests => requests.panels(catalog, natives),
            Self::Bodies => requests.bodies(catalog, natives),
            Self::Machine => machine::panels(catalog),
            Self::Container => machine::container(catalog),
            Self::Process => process::panels(catalog),
            Self::Runtime => process::runtime(catalog),
            Self::Metrics => own::panels(),
            Self::Business => business::panels(catalog, natives),
        }
    }
}

/// A dashboard of what a [`Catalog`] declares, for any Prometheus that scrapes it.
///
/// | option | default |
/// |---|---|
/// | [`uid`](Self::uid) | the title's letters and digits |
/// | [`job`](Self::job) | the first that Prometheus knows |
/// | [`semantic_conventions`](Self::semantic_conventions) | no: the names of the HTTP layer's default |
/// | [`native_histogram`](Self::native_histogram) | none: buckets of declared bounds |
/// | [`row`](Self::row) | all but [`Row::Bodies`] and [`Row::Container`] |
///
/// It has the variables `datasource`, `job`, `instance` and `endpoint`, and shows alerts of the job that fire as
/// annotations; those of no job, which may be anybody's, once they are switched on. It needs Grafana 10 or newer. The
/// same catalog gives the same bytes.
#[derive(Clone, Debug)]
pub struct Dashboard {
    title: String,
    uid: String,
    job: Option<String>,
    rows: Vec<Row>,
    names: Names,
    natives: Natives,
}

impl Dashboard {
    /// Starts a dashboard of this title.
    pub fn new(title: impl Into<String>) -> Self {
        let title = title.into();
        let measured = |row: &Row| !matches!(row, Row::Bodies | Row::Container);
        let rows = Row::ALL.into_iter().filter(measured).collect();
        let natives = Natives::default();
        Self { uid: uid(&title.to_lowercase()), title, job: None, rows, names: requests::ORIGIN, natives }
    }

    /// Sets what Grafana knows the dashboard by: letters, digits, `-` and `_`, at most 40; anything else becomes `-`.
    #[must_use]
    pub fn uid(mut self, text: impl AsRef<str>) -> Self {
        self.uid = uid(text.as_ref());
        self
    }

    /// Selects this scrape job when the dashboard is opened.
    #[must_use]
    pub fn job(mut self, name: impl Into<String>) -> Self {
        self.job = Some(name.into());
        self
    }

    /// Asks for requests under the names of OpenTelemetry's semantic conventions, for an HTTP layer that was made with
    /// [`semantic_conventions`](crate::HttpMetricsLayer::semantic_conventions).
    #[must_use]
    pub fn semantic_conventions(mut self) -> Self {
        self.names = requests::SEMANTIC;
        self
    }

    /// Asks for the native buckets of the histogram `name`, for one that was made with `MetricsBuilder::native_histogram`
    /// and a Prometheus that reads them: it then keeps no other buckets of that histogram, unless it is told to with
    /// `scrape_classic_histograms`.
    #[must_use]
    pub fn native_histogram(mut self, name: impl Into<String>) -> Self {
        self.natives.add(name.into());
        self
    }

    /// Shows a row, or leaves it out.
    #[must_use]
    pub fn row(mut self, row: Row, shown: bool) -> Self {
        self.rows = Row::ALL
            .into_iter()
            .filter(|other| if *other == row { shown } else { self.rows.contains(other) })
            .collect();
        self
    }

    /// Writes the dashboard as JSON, as Grafana imports and provisions it.
    pub fn to_json(&self, catalog: &Catalog) -> String {
        let model = Model {
            uid: self.uid.clone(),
            title: self.title.clone(),
            description: "Generated by ms_metrics::grafana from the catalog of the metrics.",
            tags: ["ms-metrics"],
            schema_version: 42,
            editable: true,
            graph_tooltip: 1,
            refresh: "15s",
            timezone: "browser",
            time: TimeRange { from: "now-1h", to: "now" },
            annotations: List { list: variables::alerts() },
            templating: List { list: variables::all(self.job.as_deref(), &self.names, &self.natives) },
            panels: self.placed(catalog),
        };
        // Text and finite numbers can always be written.
        let mut json = serde_json::to_string_pretty(&model).unwrap_or_default();
        json.push('\n');
        json
    }

    fn placed(&self, catalog: &Catalog) -> Vec<Placed> {
        let (mut placed, mut y) = (Vec::new(), 0);
        for (ids, row) in (1..).map(|number| number * IDS).zip(Row::ALL) {
            if !self.rows.contains(&row) {
                continue;
            }
            let panels = row.panels(catalog, &self.names, &self.natives);
            if panels.is_empty() {
                continue;
            }
            let title = Item::Row(RowPanel { kind: "row", title: row.title(), collapsed: false, panels: [] });
            placed.push(Placed { id: ids, grid_pos: GridPos { x: 0, y, w: WIDTH, h: 1 }, item: title });
            y += 1;
            let columns = if panels.len() % 4 == 0 { 4 } else { 3 };
            let (w, h) = (WIDTH / columns, HEIGHT);
            let places = (0..).map(|place| (place % columns * w, place / columns));
            let mut bottom = y;
            for ((panel, (x, line)), id) in panels.into_iter().zip(places).zip(ids + 1..) {
                let grid_pos = GridPos { x, y: y + line * h, w, h };
                bottom = grid_pos.y + h;
                placed.push(Placed { id, grid_pos, item: Item::Panel(Box::new(panel)) });
            }
            y = bottom;
        }
        placed
    }
}

fn uid(text: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let uid: String =
        text.chars().map(|letter| if fits(letter) { letter } else { '-' }).take(LONGEST_UID).collect();
    if uid.is_empty() { "ms-metrics".to_owned() } else { uid }
}
