//! What Grafana's schema 42 calls a dashboard, as far as it is used here. Fields are written in the order of their
//! declaration, whatever the features of serde_json.

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Model {
    pub(super) uid: String,
    pub(super) title: String,
    pub(super) description: &'static str,
    pub(super) tags: [&'static str; 1],
    pub(super) schema_version: u8,
    pub(super) editable: bool,
    /// One crosshair for all panels.
    pub(super) graph_tooltip: u8,
    pub(super) refresh: &'static str,
    pub(super) timezone: &'static str,
    pub(super) time: TimeRange,
    pub(super) annotations: List<Annotation>,
    pub(super) templating: List<Variable>,
    pub(super) panels: Vec<Placed>,
}

#[derive(Serialize)]
pub(super) struct TimeRange {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
}

#[derive(Serialize)]
pub(super) struct List<T> {
    pub(super) list: Vec<T>,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct DataSource {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) uid: &'static str,
}

/// Whatever Prometheus the variable names.
pub(super) const PROMETHEUS: DataSource = DataSource { kind: "prometheus", uid: "${datasource}" };

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Annotation {
    pub(super) name: &'static str,
    pub(super) datasource: DataSource,
    pub(super) enable: bool,
    pub(super) icon_color: &'static str,
    pub(super) target: Target,
    pub(super) title_format: &'static str,
    pub(super) text_format: &'static str,
    pub(super) tag_keys: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) datasource: Option<DataSource>,
    pub(super) query: String,
    pub(super) refresh: u8,
    pub(super) sort: u8,
    pub(super) multi: bool,
    pub(super) include_all: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) all_value: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) current: Option<Selected>,
}

#[derive(Serialize)]
pub(super) struct Selected {
    pub(super) text: String,
    pub(super) value: String,
}

/// A row or a panel, and its place.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Placed {
    pub(super) id: u32,
    pub(super) grid_pos: GridPos,
    #[serde(flatten)]
    pub(super) item: Item,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Item {
    Row(RowPanel),
    Panel(Box<Panel>),
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct GridPos {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) w: u32,
    pub(super) h: u32,
}

#[derive(Serialize)]
pub(super) struct RowPanel {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) title: &'static str,
    pub(super) collapsed: bool,
    /// Those of a row that is not collapsed stand beside it.
    pub(super) panels: [(); 0],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Panel {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) datasource: DataSource,
    pub(super) targets: Vec<Target>,
    pub(super) field_config: FieldConfigSource,
    pub(super) options: Options,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    pub(super) ref_id: String,
    pub(super) datasource: DataSource,
    pub(super) expr: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) legend_format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<&'static str>,
    pub(super) range: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) exemplar: bool,
}

#[derive(Serialize)]
pub(super) struct FieldConfigSource {
    pub(super) defaults: FieldConfig,
    pub(super) overrides: [(); 0],
}

#[derive(Serialize)]
pub(super) struct FieldConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) color: Option<Mode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thresholds: Option<Thresholds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) custom: Option<Lines>,
}

#[derive(Serialize)]
pub(super) struct Mode {
    pub(super) mode: &'static str,
}

#[derive(Serialize)]
pub(super) struct Thresholds {
    pub(super) mode: &'static str,
    pub(super) steps: Vec<Step>,
}

#[derive(Serialize)]
pub(super) struct Step {
    pub(super) color: &'static str,
    /// The lowest step begins below everything.
    pub(super) value: Option<f64>,
}

/// How lines are drawn.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lines {
    pub(super) draw_style: &'static str,
    pub(super) line_width: u8,
    pub(super) fill_opacity: u8,
    pub(super) show_points: &'static str,
    pub(super) span_nulls: bool,
    pub(super) thresholds_style: Mode,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Options {
    Timeseries(TimeseriesOptions),
    Heatmap(HeatmapOptions),
}

#[derive(Serialize)]
pub(super) struct TimeseriesOptions {
    pub(super) legend: Legend,
    pub(super) tooltip: Tooltip,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Legend {
    pub(super) display_mode: &'static str,
    pub(super) placement: &'static str,
    pub(super) show_legend: bool,
    pub(super) calcs: [&'static str; 2],
}

#[derive(Serialize)]
pub(super) struct Tooltip {
    pub(super) mode: &'static str,
    pub(super) sort: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeatmapOptions {
    /// Prometheus has made the buckets already.
    pub(super) calculate: bool,
    pub(super) color: HeatmapColor,
    pub(super) exemplars: Color,
    pub(super) legend: Shown,
    pub(super) show_value: &'static str,
    pub(super) tooltip: HeatmapTooltip,
    pub(super) y_axis: Axis,
}

#[derive(Serialize)]
pub(super) struct HeatmapColor {
    pub(super) mode: &'static str,
    pub(super) scheme: &'static str,
    pub(super) scale: &'static str,
    pub(super) exponent: f64,
    pub(super) fill: &'static str,
    pub(super) reverse: bool,
    pub(super) steps: u8,
}

#[derive(Serialize)]
pub(super) struct Color {
    pub(super) color: &'static str,
}

#[derive(Serialize)]
pub(super) struct Shown {
    pub(super) show: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeatmapTooltip {
    pub(super) mode: &'static str,
    pub(super) y_histogram: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Axis {
    pub(super) axis_placement: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<&'static str>,
}
