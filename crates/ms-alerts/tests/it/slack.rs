//! Messages for Slack: no alert can address anybody, and none is too long.

use axum::Router;
use axum::extract::Json;
use axum::http::StatusCode;
use axum::routing::post;
use ms_alerts::{AlertManager, AlertRule, SlackSink, above};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

async fn receiver() -> (String, mpsc::UnboundedReceiver<Value>) {
    let (messages, seen) = mpsc::unbounded_channel();
    let app = Router::new().route(
        "/services/S3CR3T",
        post(move |Json(message): Json<Value>| async move {
            messages.send(message).unwrap();
            (StatusCode::OK, "ok")
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/services/S3CR3T", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, seen)
}

/// What is posted when an alert with this text fires, and when it is resolved.
async fn told(sink: impl Fn(SlackSink) -> SlackSink, summary: &str) -> [Value; 2] {
    let (url, mut seen) = receiver().await;
    let sink = sink(SlackSink::internal(&url).unwrap());
    assert!(!format!("{sink:?}").contains("S3CR3T"));
    let rule = AlertRule::new("HighCpu", above(), 90.0).metric("cpu").severity("page");
    let rule = rule.annotation("summary", summary);
    let manager = AlertManager::builder().rule(rule).sink(sink).external_url("http://here").build().unwrap();
    manager.check_alerts(&[("cpu", 95.5)]).await;
    let fired = seen.recv().await.unwrap();
    manager.check_alerts(&[("cpu", 1.0)]).await;
    [fired, seen.recv().await.unwrap()]
}

#[tokio::test]
async fn a_message_tells_status_labels_and_summary_in_colour() {
    let [fired, resolved] =
        told(|sink| sink.channel("#duty").username("alerts"), "CPU is {{ $value }} %").await;
    assert_eq!(
        fired,
        json!({
            "channel": "#duty",
            "username": "alerts",
            "parse": "none",
            "attachments": [{
                "color": "danger",
                "fallback": "[FIRING:1] HighCpu page",
                "title": "[FIRING:1] HighCpu page",
                "title_link": "http://here",
                "text": "CPU is 95.5 %\n",
                "mrkdwn_in": ["text"],
            }],
        })
    );
    let attachment = &resolved["attachments"][0];
    assert_eq!(
        (&attachment["color"], &attachment["title"]),
        (&json!("good"), &json!("[RESOLVED] HighCpu page"))
    );
}

#[tokio::test]
async fn no_alert_mentions_anybody_or_hides_a_link() {
    let hostile = "<!channel> <@U024BE7LH> <https://evil.example|rota> &lt;!here&gt; & <!subteam^S1>";
    let own = |sink: SlackSink| {
        let sink = sink.text("<!here> <http://wiki|wiki> {{ .CommonAnnotations.summary }}").unwrap();
        sink.title("{{ .CommonAnnotations.summary }}").unwrap()
    };
    let escaped = "&lt;!channel&gt; &lt;@U024BE7LH&gt; &lt;https://evil.example|rota&gt; &amp;lt;!here&amp;gt; \
                   &amp; &lt;!subteam^S1&gt;";
    let [fired, _] = told(own, hostile).await;
    let attachment = &fired["attachments"][0];
    assert_eq!(attachment["title"], escaped);
    // What the operator wrote stays what it is.
    assert_eq!(attachment["text"], format!("<!here> <http://wiki|wiki> {escaped}"));
    let [fired, _] = told(|sink| sink, hostile).await;
    assert_eq!(fired["attachments"][0]["text"], format!("{escaped}\n"));
}

#[tokio::test]
async fn a_long_text_is_cut_at_a_whole_character() {
    let [fired, _] = told(|sink| sink, &"ğ&".repeat(20_000)).await;
    let text = fired["attachments"][0]["text"].as_str().unwrap();
    assert!(text.ends_with("ğ&amp;…") || text.ends_with("ğ…"), "{}", &text[text.len() - 20..]);
    assert!((3990..=4000).contains(&text.chars().count()), "{}", text.chars().count());
}

#[test]
fn a_template_that_is_none_is_refused_with_its_place() {
    let sink = || SlackSink::new("https://hooks.slack.com/services/x").unwrap();
    assert_eq!(
        sink().text("a\n{{ template \"slack.default.text\" . }}").unwrap_err().to_string(),
        "2:4: `template` is not supported"
    );
    assert!(sink().title("{{ .Nope }}").is_err());
    assert!(SlackSink::new("http://10.0.0.1/").is_err(), "the guard is the webhook's");
}
