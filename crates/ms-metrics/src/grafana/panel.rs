//! Panels, made step by step.

use super::model::{
    Axis, Color, FieldConfig, FieldConfigSource, HeatmapColor, HeatmapOptions, HeatmapTooltip, Legend, Lines,
    Mode, Options, PROMETHEUS, Panel, Shown, Step, Target, Thresholds, TimeseriesOptions, Tooltip,
};

impl Panel {
    /// Lines over time, from 0 up.
    pub(super) fn lines(
        title: impl Into<String>,
        description: impl Into<String>,
        unit: Option<&'static str>,
    ) -> Self {
        let custom = Lines {
            draw_style: "line",
            line_width: 1,
            fill_opacity: 10,
            show_points: "never",
            span_nulls: false,
            thresholds_style: Mode { mode: "off" },
        };
        let defaults = FieldConfig {
            unit,
            min: Some(0.0),
            max: None,
            color: Some(Mode { mode: "palette-classic" }),
            thresholds: None,
            custom: Some(custom),
        };
        let legend =
            Legend { display_mode: "table", placement: "bottom", show_legend: true, calcs: ["mean", "max"] };
        let options = TimeseriesOptions { legend, tooltip: Tooltip { mode: "multi", sort: "desc" } };
        Self::new("timeseries", title.into(), description.into(), defaults, Options::Timeseries(options))
    }

    /// How many values lay in each bucket, over time.
    pub(super) fn heatmap(
        title: impl Into<String>,
        description: impl Into<String>,
        unit: Option<&'static str>,
    ) -> Self {
        let defaults =
            FieldConfig { unit: None, min: None, max: None, color: None, thresholds: None, custom: None };
        let color = HeatmapColor {
            mode: "scheme",
            scheme: "Oranges",
            scale: "exponential",
            exponent: 0.5,
            fill: "dark-orange",
            reverse: false,
            steps: 64,
        };
        let options = HeatmapOptions {
            calculate: false,
            color,
            exemplars: Color { color: "rgba(255,0,255,0.7)" },
            legend: Shown { show: true },
            show_value: "never",
            tooltip: HeatmapTooltip { mode: "single", y_histogram: true },
            y_axis: Axis { axis_placement: "left", unit },
        };
        Self::new("heatmap", title.into(), description.into(), defaults, Options::Heatmap(options))
    }

    fn new(
        kind: &'static str,
        title: String,
        description: String,
        defaults: FieldConfig,
        options: Options,
    ) -> Self {
        let field_config = FieldConfigSource { defaults, overrides: [] };
        let (title, description) = (literal(&title), literal(&description));
        Self { kind, title, description, datasource: PROMETHEUS, targets: Vec::new(), field_config, options }
    }

    /// Asks `expr`; each of its series is called `legend`.
    pub(super) fn query(mut self, expr: String, legend: impl Into<String>) -> Self {
        let reference = ('A'..='Z').nth(self.targets.len()).unwrap_or('Z').to_string();
        let target = Target {
            ref_id: reference,
            datasource: PROMETHEUS,
            expr,
            legend_format: Some(legend.into()),
            format: (self.kind == "heatmap").then_some("heatmap"),
            range: true,
            exemplar: false,
        };
        self.targets.push(target);
        self
    }

    /// Shows the traces that Prometheus has kept of the buckets asked for.
    pub(super) fn exemplars(mut self) -> Self {
        self.targets.iter_mut().for_each(|target| target.exemplar = true);
        self
    }

    /// Ends the axis at `max`.
    pub(super) fn max(mut self, max: f64) -> Self {
        self.field_config.defaults.max = Some(max);
        self
    }

    /// Lets values fall below 0.
    pub(super) fn signed(mut self) -> Self {
        self.field_config.defaults.min = None;
        self
    }

    /// Draws lines at what deserves a look and at what is wrong.
    pub(super) fn thresholds(self, warning: f64, critical: f64) -> Self {
        self.steps(&[("green", None), ("orange", Some(warning)), ("red", Some(critical))])
    }

    /// Draws a line at what is right: less is wrong.
    pub(super) fn at_least(self, right: f64) -> Self {
        self.steps(&[("red", None), ("green", Some(right))])
    }

    fn steps(mut self, steps: &[(&'static str, Option<f64>)]) -> Self {
        let steps = steps.iter().map(|&(color, value)| Step { color, value }).collect();
        self.field_config.defaults.thresholds = Some(Thresholds { mode: "absolute", steps });
        if let Some(custom) = &mut self.field_config.defaults.custom {
            custom.thresholds_style.mode = "dashed";
        }
        self
    }
}

/// Keeps Grafana, which knows no escape, from putting the values of variables where a help says `$job`, `${job}` or
/// `[[job]]`: a word joiner, which nobody sees, parts the sign from the name.
fn literal(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        kept.push(letter);
        let next = letters.peek();
        let begins = match letter {
            '$' => next.is_some_and(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '{')),
            '[' => next == Some(&'['),
            _ => false,
        };
        if begins {
            kept.push('\u{2060}');
        }
    }
    kept
}
