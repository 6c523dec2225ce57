//! Dashboards made from a catalog.

mod answered;
mod queries;
mod schema;

use std::collections::BTreeSet;

use ms_metrics::grafana::{Dashboard, Row};
use ms_metrics::{Metric, Metrics, Unit};
use serde_json::{Value, json};

const SWAPS: Metric =
    Metric::counter("shift_swaps_total", "Shifts swapped, \"quoted\".").labels(&["from", "to"]);
const BEDS: Metric = Metric::gauge("free_beds", "").labels(&["ward", "instance"]);
const WAIT: Metric =
    Metric::histogram("swap_wait_seconds", "Time to an answer.").unit(Unit::Seconds).labels(&["by"]);
const SIZE: Metric = Metric::summary("roster_size_bytes", "Size of a roster.").unit(Unit::Bytes);
const READ: Metric = Metric::counter("roster:read_bytes_total", "Read.").unit(Unit::Bytes);

/// Ours, and a metric of each kind; everything is shown.
fn dashboard() -> Value {
    let metrics = Metrics::builder().catalog([SWAPS, BEDS, WAIT, SIZE, READ]).build().unwrap();
    let dashboard = Dashboard::new("Rosters").job("rosters").row(Row::Container, true).row(Row::Bodies, true);
    let json = dashboard.to_json(metrics.catalog());
    assert_eq!(json, dashboard.clone().to_json(metrics.catalog()));
    serde_json::from_str(&json).unwrap()
}

/// The shortest dashboard with each kind of panel.
fn requests() -> Value {
    let metrics = Metrics::builder().build().unwrap();
    let others = [Row::Machine, Row::Process, Row::Runtime, Row::Metrics, Row::Business];
    let dashboard = others.into_iter().fold(Dashboard::new("A"), |dashboard, row| dashboard.row(row, false));
    serde_json::from_str(&dashboard.to_json(metrics.catalog())).unwrap()
}

/// Under OpenTelemetry's names.
fn semantic() -> Value {
    let metrics = Metrics::builder().build().unwrap();
    let dashboard = Dashboard::new("A").row(Row::Bodies, true).semantic_conventions();
    serde_json::from_str(&dashboard.to_json(metrics.catalog())).unwrap()
}

fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row")
}

fn panel<'a>(dashboard: &'a Value, title: &str) -> &'a Value {
    let mut found = panels(dashboard).filter(|panel| panel["title"] == title);
    let panel = found.next().unwrap_or_else(|| panic!("no panel {title}"));
    assert!(found.next().is_none(), "two panels {title}");
    panel
}

fn rows(dashboard: &Value) -> Vec<&str> {
    let rows = dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] == "row");
    rows.map(|row| row["title"].as_str().unwrap()).collect()
}

#[test]
fn panels_lie_side_by_side_under_ids_of_their_own() {
    let dashboard = dashboard();
    let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(place("w") > 0 && place("h") > 0 && place("x") + place("w") <= 24, "{panel}");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "over another at {x}, {y}: {panel}");
            }
        }
    }
    assert!(panels(&dashboard).count() > 30);
}

#[test]
fn rows_come_and_go() {
    let metrics = Metrics::builder().build().unwrap();
    let shown = |dashboard: Dashboard| {
        let json: Value = serde_json::from_str(&dashboard.to_json(metrics.catalog())).unwrap();
        rows(&json).join(" ")
    };
    assert_eq!(shown(Dashboard::new("A")), "Requests Machine Process Runtime Metrics Business");
    let some =
        Dashboard::new("A").row(Row::Container, true).row(Row::Runtime, false).row(Row::Business, false);
    assert_eq!(shown(some), "Requests Machine Container Process Metrics");
}

#[test]
fn a_metric_of_the_team_has_panels_by_its_kind_with_its_help_and_unit() {
    let dashboard = dashboard();
    for (title, kind, unit, expressions, legend) in [
        (
            "Shifts swapped, \"quoted\"",
            "timeseries",
            "cps",
            &[
                "sum by (from, to) (rate(shift_swaps_total{job=\"$job\",instance=~\"$instance\"}[$__rate_interval]))",
            ][..],
            "{{from}} {{to}}",
        ),
        (
            "free_beds",
            "timeseries",
            "short",
            &["free_beds{job=\"$job\",instance=~\"$instance\"}"],
            // Prometheus sets `instance` itself and gives ours this name.
            "{{instance}} {{ward}} {{exported_instance}}",
        ),
        (
            "Time to an answer",
            "timeseries",
            "s",
            &[
                "histogram_quantile(0.5, sum by (le, by) (rate(swap_wait_seconds_bucket{job=\"$job\",instance=~\"$instance\"}[$__rate_interval])))",
                "histogram_quantile(0.95, sum by (le, by) (rate(swap_wait_seconds_bucket{job=\"$job\",instance=~\"$instance\"}[$__rate_interval])))",
                "histogram_quantile(0.99, sum by (le, by) (rate(swap_wait_seconds_bucket{job=\"$job\",instance=~\"$instance\"}[$__rate_interval])))",
            ],
            "p50 {{by}}",
        ),
        (
            "Size of a roster",
            "timeseries",
            "bytes",
            &["roster_size_bytes{job=\"$job\",instance=~\"$instance\",quantile=~\"0.5|0.95|0.99\"}"],
            "{{instance}} q{{quantile}}",
        ),
        (
            "Read",
            "timeseries",
            "binBps",
            &["sum(rate(roster:read_bytes_total{job=\"$job\",instance=~\"$instance\"}[$__rate_interval]))"],
            "all",
        ),
    ] {
        let panel = panel(&dashboard, title);
        assert_eq!((&panel["type"], &panel["fieldConfig"]["defaults"]["unit"]), (&kind.into(), &unit.into()));
        let targets = panel["targets"].as_array().unwrap();
        assert_eq!(targets.iter().map(|target| &target["expr"]).collect::<Vec<_>>(), expressions);
        assert_eq!(targets[0]["legendFormat"], legend, "{title}");
    }
    let heatmap = panel(&dashboard, "Time to an answer, distribution");
    assert_eq!((&heatmap["type"], &heatmap["options"]["yAxis"]["unit"]), (&"heatmap".into(), &"s".into()));
    assert_eq!(heatmap["targets"][0]["format"], "heatmap");
}

#[test]
fn requests_are_asked_for_under_the_names_of_the_conventions() {
    let dashboard = semantic();
    let asked = |title: &str| panel(&dashboard, title)["targets"][0]["expr"].as_str().unwrap().to_owned();
    let series = "http_server_request_duration_seconds_count{job=\"$job\",instance=~\"$instance\",http_route=~\"$endpoint\"}";
    let rate = format!("sum by (http_request_method, http_route) (rate({series}[$__rate_interval]))");
    assert_eq!(asked("Request rate"), rate);
    assert!(asked("Errors").contains("error_type=~\"5..|panic|_OTHER\""));
    assert!(asked("In flight").contains("http_server_active_requests{"));
    assert!(asked("Size of answers, p95").contains("http_server_response_body_size_bytes_bucket{"));
    let endpoints = dashboard["templating"]["list"][3]["query"].as_str().unwrap();
    assert!(endpoints.ends_with("}, http_route)"), "{endpoints}");
    let all = dashboard.to_string();
    assert!(!all.contains("http_requests_total") && !all.contains("http_request_duration_seconds_bucket"));
}

#[test]
fn a_title_is_one_line() {
    const LONG: Metric = Metric::gauge("long", "  First\n\tsecond. ");
    let metrics = Metrics::builder().catalog([LONG]).build().unwrap();
    let json = Dashboard::new("A").to_json(metrics.catalog());
    panel(&serde_json::from_str(&json).unwrap(), "First second");
}

#[test]
fn a_title_is_of_one_panel_and_holds_no_variable() {
    const FIRST: Metric = Metric::gauge("first", "Beds.");
    const SECOND: Metric = Metric::gauge("second", "Beds.");
    const PRICE: Metric = Metric::gauge("price", "For $job, $$_x, ${job:csv}, [[job]] or [[[job]]]: 5 US$.");
    let metrics = Metrics::builder().catalog([FIRST, SECOND, PRICE]).build().unwrap();
    let dashboard: Value = serde_json::from_str(&Dashboard::new("A").to_json(metrics.catalog())).unwrap();
    assert_eq!(panel(&dashboard, "Beds (first)")["description"], "first");
    panel(&dashboard, "Beds (second)");
    let mut titles = panels(&dashboard).map(|panel| panel["title"].as_str().unwrap());
    let price = titles.find(|title| title.starts_with("For ")).unwrap();
    assert_eq!(price.replace('\u{2060}', ""), "For $job, $$_x, ${job:csv}, [[job]] or [[[job]]]: 5 US$");
    // What Grafana would replace.
    assert!(["$j", "$_", "${", "[["].iter().all(|sign| !price.contains(sign)), "{price:?}");
    assert!(price.ends_with("5 US$"));
}

#[test]
fn native_buckets_are_asked_for_where_they_are() {
    let metrics = Metrics::builder().catalog([WAIT]).build().unwrap();
    let dashboard = Dashboard::new("A").row(Row::Bodies, true);
    let natives = ["swap_wait_seconds", "http_request_duration_seconds", "endpoint_latency_seconds"];
    let with = natives.into_iter().fold(dashboard.clone(), Dashboard::native_histogram);
    let json = |dashboard: &Dashboard| dashboard.to_json(metrics.catalog());
    let (with, without) = (json(&with), json(&dashboard));
    let asked: Value = serde_json::from_str(&with).unwrap();
    let asked = |title: &str| panel(&asked, title)["targets"][0]["expr"].as_str().unwrap().to_owned();
    let wait = "rate(swap_wait_seconds{job=\"$job\",instance=~\"$instance\"}[$__rate_interval])";
    assert_eq!(asked("Time to an answer"), format!("histogram_quantile(0.5, sum by (by) ({wait}))"));
    assert_eq!(asked("Time to an answer, distribution"), format!("sum({wait})"));
    for name in natives {
        let bucket = format!("{name}_bucket");
        assert!(without.contains(&bucket) && !with.contains(&bucket), "{name}");
    }
    assert!(with.contains("http_response_size_bytes_bucket"), "another histogram keeps its own");
}

#[test]
fn requests_are_counted_by_a_native_histogram_too() {
    let metrics = Metrics::builder().build().unwrap();
    let dashboard =
        Dashboard::new("A").semantic_conventions().native_histogram("http_server_request_duration_seconds");
    let dashboard: Value = serde_json::from_str(&dashboard.to_json(metrics.catalog())).unwrap();
    let series = "http_server_request_duration_seconds{job=\"$job\",instance=~\"$instance\",http_route=~\"$endpoint\"}";
    let rate = format!(
        "sum by (http_request_method, http_route) (histogram_count(rate({series}[$__rate_interval])))"
    );
    assert_eq!(panel(&dashboard, "Request rate")["targets"][0]["expr"], rate);
    let all = dashboard.to_string();
    for none in ["duration_seconds_count", "duration_seconds_bucket"] {
        assert!(!all.contains(&format!("http_server_request_{none}")), "Prometheus keeps no {none}");
    }
}

#[test]
fn alerts_are_drawn_over_the_panels_and_the_viewer_chooses_what_is_shown() {
    let dashboard = dashboard();
    let annotations = dashboard["annotations"]["list"].as_array().unwrap();
    let shown: Vec<_> =
        annotations.iter().map(|drawn| (&drawn["target"]["expr"], &drawn["enable"])).collect();
    // An alert of a rule that sums over jobs has none, and may be another service's.
    let (own, nobodys) = (
        json!("ALERTS{alertstate=\"firing\",job=\"$job\"}"),
        json!("ALERTS{alertstate=\"firing\",job=\"\"}"),
    );
    assert_eq!(shown, [(&own, &json!(true)), (&nobodys, &json!(false))]);
    let alerts = &annotations[0];
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let names: Vec<_> = variables.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["datasource", "job", "instance", "endpoint"]);
    assert_eq!(variables[1]["current"]["value"], "rosters");
    for panel in panels(&dashboard) {
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(
                (&target["datasource"], &panel["datasource"]),
                (&alerts["datasource"], &alerts["datasource"])
            );
            // Otherwise another service's metrics of that name would be shown as ours.
            let expression = target["expr"].as_str().unwrap();
            let (series, chosen) =
                (expression.matches('{').count(), expression.matches("{job=\"$job\",").count());
            assert!(series > 0 && series == chosen, "{expression}");
        }
    }
    let thresholds =
        panel(&dashboard, "CPU")["fieldConfig"]["defaults"]["thresholds"]["steps"].as_array().unwrap();
    assert_eq!(
        thresholds.iter().map(|step| step["color"].as_str().unwrap()).collect::<Vec<_>>(),
        ["green", "orange", "red"]
    );
    // Less than 1 is wrong.
    let up = &panel(&dashboard, "Collectors up")["fieldConfig"]["defaults"]["thresholds"]["steps"];
    assert_eq!(
        (&up[0]["color"], &up[1]["color"], &up[1]["value"]),
        (&"red".into(), &"green".into(), &1.0.into())
    );
}
