use ms_analytics::{Shift, ShiftAnalytics};
use ms_health::{HealthCheck, Report};

use super::*;
use crate::store::StoredShift;

const ATTACK: &str = "<script>alert('ş')</script>\"&";

async fn health() -> Report {
    let check = |error: &'static str| move || async move { Err::<(), _>(error) };
    let health =
        HealthCheck::builder().critical("database", check("<b>gone</b>")).check(ATTACK, check("x")).build();
    health.expect("builds").report().await
}

#[tokio::test]
async fn nothing_foreign_becomes_markup() {
    let shift =
        Shift::new("1", ATTACK, ATTACK, "2026-03-02T08:00:00+03:00", "2026-03-02T16:00:00+03:00", None);
    let shift = shift.expect("a valid shift");
    let other =
        Shift::new("2", ATTACK, ATTACK, "2026-03-02T09:00:00+03:00", "2026-03-02T16:30:00+03:00", None);
    let report = ShiftAnalytics::analyze_shift_patterns(&[shift.clone(), other.expect("a valid shift")]);
    let health = health().await;
    let exposition = format!(
        "http_requests_total{{method=\"GET\",endpoint=\"{}\",status=\"200\"}} 3\n",
        ATTACK.replace('"', "\\\"")
    );
    let alerts = [Active {
        name: ATTACK.to_owned(),
        state: "firing",
        severity: ATTACK.to_owned(),
        since: "2026-03-02T08:00:00.123Z".to_owned(),
        summary: ATTACK.to_owned(),
    }];
    let metrics = Metrics::builder().series_cap(2).build().expect("builds");
    metrics::with_local_recorder(&metrics.recorder(), || {
        for ward in ["1", "2", "3"] {
            metrics::counter!("beds_total", "ward" => ward).increment(1);
        }
        metrics::gauge!(ATTACK, ATTACK => "1", "__x" => "1").set(1.0);
    });
    let view = View {
        explanation: &metrics.explain(),
        health: &health,
        alerts: &alerts,
        requests: &requests::by_endpoint(&exposition),
        users: Some(3.0),
        times: None,
        report: Some(&serde_json::to_value(report).expect("serialises")),
        latest: Some(vec![StoredShift::from(shift.as_shift_ref())]),
    };
    let page = view.to_string();
    assert!(!page.contains("<script") && !page.contains("alert('") && !page.contains("<b>gone"), "{page}");
    let escaped = "&lt;script&gt;alert(&#39;ş&#39;)&lt;/script&gt;&quot;&amp;";
    assert!(page.matches(escaped).count() >= 8, "{page}");
    for shown in [
        "<b>2</b><span>shifts",
        "<b>1</b><span>conflicts",
        "<b>3</b><span>users",
        "2026-03-02 08:00</time>",
        "<tr><td><code>beds_total</code><td><code>ward</code><td><time",
        "<td class=\"n\">2<td class=\"n\">2</tr>",
        "<tr><td>label_name<td><code>&lt;script&gt;",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(
        !page.contains(" style=") && !page.contains("://"),
        "the policy allows no styles here and nothing external"
    );
}

#[tokio::test]
async fn the_page_stands_without_the_roster() {
    let health = health().await;
    let metrics = Metrics::builder().build().expect("builds");
    let view = View {
        explanation: &metrics.explain(),
        health: &health,
        alerts: &[],
        requests: &requests::by_endpoint(""),
        users: None,
        times: None,
        report: None,
        latest: None,
    };
    let page = view.to_string();
    for shown in [
        "cannot be read now",
        "No alert",
        "pill unhealthy",
        "<b>–</b><span>shifts",
        "Every one has room. None was refused.",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let endpoints =
        ["/metrics", "/api/v1/explain/metrics", "/health/ready", "/api/v1/alerts", "/api/v1/reports/shifts"];
    assert!(
        endpoints.iter().all(|path| page.contains(&format!("href=\"{path}\""))),
        "every raw endpoint is one click away"
    );
}
