use ms_analytics::{Shift, ShiftAnalytics};
use ms_health::{HealthCheck, Report};
use ms_metrics::Explanation;

use super::*;
use crate::cache::Cache;
use crate::store::{Store, StoredShift};

const ATTACK: &str = "<script>alert('ş')</script>\"&";

async fn health() -> Report {
    let check = |error: &'static str| move || async move { Err::<(), _>(error) };
    let health =
        HealthCheck::builder().critical("database", check("<b>gone</b>")).check(ATTACK, check("x")).build();
    health.expect("builds").report().await
}

fn view<'a>(
    health: &'a Report,
    roster: &'a Roster,
    reading: &'a Reading,
    explanation: &'a Explanation,
) -> View<'a> {
    View {
        language: Language::English,
        health,
        alerts: &[],
        reading,
        points: &[],
        times: None,
        roster,
        audit: &[],
        levels: None,
        explanation,
    }
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
    let label = ATTACK.replace('"', "\\\"");
    let exposition = format!(
        "http_requests_total{{method=\"{label}\",endpoint=\"{label}\",status=\"200\"}} 3\nactive_users_total 3\n\
         log_events_total{{level=\"info\"}} 4\nms_logging_dropped_total{{sink=\"file\",reason=\"{label}\"}} 5\n"
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
    let roster = Roster {
        report: Some(serde_json::to_value(report).expect("serialises")),
        latest: Some(vec![StoredShift::from(shift.as_shift_ref())]),
        ..Roster::default()
    };
    let history = History::default();
    let (now, reading) = (Instant::now(), Reading::of(&exposition));
    history.add(now, Reading::default());
    history.add(now + STEP, reading.clone());
    let (explanation, points) = (metrics.explain(), history.points());
    let view = View { alerts: &alerts, points: &points, ..view(&health, &roster, &reading, &explanation) };
    let page = Document { view: &view, ended: None }.to_string();
    let scripts = page.matches("<script").count();
    assert!(scripts == 1 && !page.contains("alert('") && !page.contains("<b>gone"), "{page}");
    let escaped = "&lt;script&gt;alert(&#39;ş&#39;)&lt;/script&gt;&quot;&amp;";
    assert!(page.matches(escaped).count() >= 12, "{page}");
    for shown in [
        "<dt>shifts</dt><dd>2</dd>",
        "<dt>conflicts</dt><dd>1</dd>",
        "<dt>users signed in</dt><dd>3</dd>",
        "<dt>requests a second</dt><dd>1.00</dd>",
        "1 alert fires",
        "2026-03-02 08:00</time>",
        "<tr><th scope=\"row\"><code>beds_total</code><td><code>ward</code><td><time",
        "<td class=\"n\">2<td class=\"n\">2</tr>",
        "<tr><th scope=\"row\">label_name<td><code>&lt;script&gt;",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(
        !page.contains(" style=") && !page.contains("://"),
        "the policy allows no styles here and nothing external"
    );
}

#[tokio::test]
async fn the_page_stands_without_the_roster_in_both_languages() {
    let (health, roster) = (health().await, Roster::default());
    let (metrics, reading) = (Metrics::builder().build().expect("builds"), Reading::default());
    let explanation = metrics.explain();
    let view = view(&health, &roster, &reading, &explanation);
    let page = Document { view: &view, ended: None }.to_string();
    for shown in [
        "<html lang=\"en\">",
        "cannot be read now",
        "No alert",
        "pill unhealthy",
        "<dt>shifts</dt><dd>–</dd>",
        "Every one has room. None was refused.",
        "href=\"/?lang=tr\" lang=\"tr\"",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let turkish = Document { view: &View { language: Language::Turkish, ..view }, ended: None }.to_string();
    for shown in [
        "<html lang=\"tr\">",
        "okunamıyor",
        "alarm yok",
        "çalışmıyor",
        "<h2>Sağlık</h2>",
        "href=\"/?lang=en\"",
    ] {
        assert!(turkish.contains(shown), "{shown}: {turkish}");
    }
    let endpoints =
        ["/metrics", "/api/v1/explain/metrics", "/health/ready", "/api/v1/alerts", "/api/v1/reports/shifts"];
    assert!(
        endpoints.iter().all(|path| page.contains(&format!("href=\"{path}\""))),
        "every raw endpoint is one click away"
    );
    let lines = |page: &str| page.lines().count();
    assert_eq!(lines(&page), lines(&turkish), "both say the same");
}

#[tokio::test]
async fn the_largest_page_keeps_below_150_kilobytes() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = Store::sqlite(&dir.path().join("db")).await.expect("opens");
    let metrics = Metrics::builder().build().expect("builds");
    let service = Service::new(store.clone(), Cache::memory(), metrics.business(), dir.path());
    let start = jiff::Timestamp::now();
    let shifts = (0..400).map(|number: i64| {
        let start = start + jiff::SignedDuration::from_mins(number * 20);
        let end = start + jiff::SignedDuration::from_hours(8);
        let (name, place) =
            (format!("Ayşegül Büyükkaraoğlu {}", number % 60), format!("Yoğun Bakım {}", number % 9));
        let shift =
            Shift::new(&number.to_string(), &name, &place, &start.to_string(), &end.to_string(), None);
        StoredShift::from(shift.expect("valid").as_shift_ref())
    });
    let mut import = store.import().await.expect("begins");
    import.add(&shifts.collect::<Vec<_>>()).await.expect("takes");
    import.finish().await.expect("kept");

    let (history, begun) = (History::default(), Instant::now());
    let mut reading = Reading::default();
    for step in 0..150_u32 {
        let mut text = String::new();
        for endpoint in 0..40 {
            let labels =
                format!("method=\"GET\",endpoint=\"/api/v1/a-long-path/{{id}}/{endpoint}\",status=\"500\"");
            let count = step * step % 977 + step * 1000;
            text += &format!("http_requests_total{{{labels}}} {count}\n");
            for bound in ["0.005", "0.5", "+Inf"] {
                text += &format!("http_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}} {count}\n");
            }
        }
        reading = Reading::of(&text);
        history.add(begun + STEP * step, reading.clone());
    }
    let (health, roster, points) = (health().await, Roster::read(&service).await, history.points());
    let (week, fairness) =
        (roster.week.as_ref().expect("drawn"), roster.fairness.as_ref().expect("reckoned"));
    assert!(week.left_out && fairness["hours"]["gini"].is_number(), "{fairness}");
    let explanation = metrics.explain();
    let view = View { points: &points, ..view(&health, &roster, &reading, &explanation) };
    let page = Document { view: &view, ended: None }.to_string();
    let whole = page.len() + include_str!("operations.css").len() + include_str!("operations.js").len();
    assert!((60_000..150_000).contains(&whole), "{whole} bytes");
}
