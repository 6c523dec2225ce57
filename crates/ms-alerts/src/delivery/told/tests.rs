use std::process::Command;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn alert(labels: &[(&str, &str)], state: State) -> Alert {
    Alert {
        rule: "Queue".to_owned(),
        state,
        value: 1.0,
        labels: labels.iter().copied().collect(),
        annotations: [("summary", "7 > 5 & \"rising\"")].into_iter().collect(),
        active_at: Timestamp::UNIX_EPOCH,
        fired_at: Some(Timestamp::UNIX_EPOCH),
        resolved_at: (state == State::Resolved).then_some(Timestamp::UNIX_EPOCH),
        generator_url: String::new(),
    }
}

fn group(alerts: Vec<Alert>) -> Notification {
    Notification::group(Grouped {
        receiver: Arc::from("duty"),
        key: Arc::from("{}:{alertname=\"Queue\"}"),
        labels: [("alertname", "Queue")].into_iter().collect(),
        alerts,
        external_url: Arc::from("http://alerts.example.org"),
        occasion: 0,
    })
    .unwrap()
}

/// What the template of Alertmanager's own tool gives for the same notification.
fn amtool(text: &str, notification: &Notification) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (data, templates) = (folder.path().join("data.json"), folder.path().join("none.tmpl"));
    let all = Told::parse("{{ toJson . }}", Form::Text).unwrap().fill(notification, "").unwrap();
    std::fs::write(&data, all).unwrap();
    std::fs::write(&templates, "").unwrap();
    let output = Command::new("amtool")
        .args(["template", "render", "--template.text", text, "--template.glob"])
        .arg(&templates)
        .arg("--template.data")
        .arg(&data)
        .output()
        .unwrap_or_else(|error| panic!("amtool: {error}; apt-get install -y prometheus-alertmanager"));
    assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
    let shown = String::from_utf8(output.stdout).unwrap();
    shown.strip_suffix('\n').unwrap_or(&shown).to_owned()
}

#[test]
fn templates_give_what_alertmanager_gives() {
    let told = group(vec![
        alert(&[("alertname", "Queue"), ("bed", "2"), ("a", "<b>&\"q\"")], State::Firing),
        alert(&[("alertname", "Queue"), ("bed", "1"), ("a", "<b>&\"q\"")], State::Resolved),
    ]);
    for text in [
        "{{ .Status }} {{ .Receiver }} {{ .ExternalURL }}",
        "{{ .CommonLabels.a }}|{{ .CommonLabels.nope }}|{{ .GroupLabels.alertname }}|{{ .CommonAnnotations.summary }}",
        "{{ range .Alerts }}{{ .Status }} {{ .Labels.bed }} {{ .Annotations.summary }} {{ .Fingerprint }};{{ end }}",
        "{{ range $i, $a := .Alerts.Firing }}{{ $i }}{{ $a.Labels.bed }}{{ else }}none{{ end }}",
        "{{ len .Alerts }} {{ .Alerts.Firing | len }} {{ .Alerts.Resolved | len }}",
        "{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }},{{ end }}",
        "{{ .CommonLabels.Names | join \" \" }} {{ join \", \" .CommonLabels.SortedPairs.Values }}",
        "{{ .GroupLabels.SortedPairs.Values | join \" \" | toUpper }} {{ .GroupLabels.Names }}",
        "{{ range $name, $value := .CommonLabels }}{{ $name }}:{{ $value }} {{ end }}",
        "{{ if and (eq .Status \"firing\") (gt (len .Alerts.Firing) 0) }}yes{{ else }}no{{ end }}",
        "{{ with .CommonAnnotations.summary }}{{ . | title }}{{ end }}{{ $.Status }}",
        "{{ match \"^Q.*e$\" .CommonLabels.alertname }} {{ reReplaceAll \"(u+)\" \"<$1>\" .CommonLabels.alertname }}",
        "{{ stringSlice \"a\" \"b\" | join \"-\" }} {{ (index .Alerts 0).Labels.bed }} {{ printf \"%q %d\" .Status 3 }}",
        "{{- /* a comment */ -}} {{ .CommonLabels }} {{ .Alerts.Firing | len | printf \"%03d\" }}",
        "{{ html .CommonLabels.a }} {{ urlquery .CommonLabels.a }} {{ safeHtml .CommonLabels.a }} {{ not true }}",
    ] {
        let ours = template(text, Form::Text).unwrap().fill(&told, "").unwrap();
        assert_eq!(ours, amtool(text, &told), "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let place = |text: &str| match template(text, Form::Json) {
        Err(TemplateError::Syntax { line, column, message }) => format!("{line}:{column} {message}"),
        other => format!("{other:?}"),
    };
    assert_eq!(
        place("{\"a\":\n \"ä{{ humanize 3 }}\"}"),
        "2:7 `humanize` is not supported; expected a function of Alertmanager or Go"
    );
    assert_eq!(place("{{ $labels }}"), "1:4 the variable `$labels` is not known");
    assert!(place("{{ if true }}").starts_with("1:4 `if` without its `end`"), "{}", place("{{ if true }}"));
    assert!(place("{{ template \"x\" }}").contains("not supported"));
    for (text, expected) in [
        ("{{ .Nope }}", "cannot be filled in: can't evaluate field Nope in type template.Data"),
        ("\"\\{{ .Status }}\"", "cannot be filled in: an action stands behind a backslash"),
        ("{{ . | len }}", "cannot be filled in: error calling len: len of type template.Data"),
    ] {
        assert_eq!(template(text, Form::Json).unwrap_err().to_string(), expected, "{text}");
    }
    for text in ["", "{\"a\": 1,}", "{\"a\": \"{{ .Status }}}", "{{ .Status }} {{ .Status }}"] {
        let error = template(text, Form::Json).unwrap_err();
        assert!(matches!(error, TemplateError::NotJson { .. }), "{text}: {error}");
    }
}

#[test]
fn values_are_whole_outside_of_strings() {
    let told = group(vec![alert(&[("alertname", "Queue"), ("bed", "1")], State::Firing)]);
    let text = r#"{"s": {{ .Status }}, "n": {{ len .Alerts }}, "t": {{ eq 1 1 }}, "l": {{ .CommonLabels }},
        "j": {{ toJson .CommonLabels.Names }}, "in": "{{ toJson .GroupLabels }}", "a": {{ .Alerts }}}"#;
    let filled = json(&template(text, Form::Json).unwrap(), &told, "").unwrap();
    let filled: Value = serde_json::from_str(&filled).unwrap();
    assert_eq!(filled["s"], "firing");
    assert_eq!((&filled["n"], &filled["t"]), (&json!(1), &json!(true)));
    assert_eq!(filled["l"], json!({"alertname": "Queue", "bed": "1"}));
    assert_eq!(filled["j"], json!(["alertname", "bed"]));
    assert_eq!(filled["in"], "{\"alertname\":\"Queue\"}");
    assert_eq!(filled["a"][0]["annotations"]["summary"], "7 > 5 & \"rising\"");
    assert_eq!(filled["a"][0]["endsAt"], "0001-01-01T00:00:00Z");
}

proptest! {
    #[test]
    fn no_label_breaks_out_of_json(value in any::<String>(), other in r#"[\\"{}\[\],:a\n<&]{0,12}"#) {
        let text = r#"{"in": "x \" {{ .CommonLabels.a }}{{ .CommonLabels.b }} y", "out": {{ .CommonLabels.a }},
            "map": {{ toJson .CommonLabels }}, "esc": "\\{{ .CommonLabels.b }}"}"#;
        let told = group(vec![alert(&[("a", &value), ("b", &other)], State::Firing)]);
        let filled = json(&template(text, Form::Json).unwrap(), &told, "").unwrap();
        let filled: Value = serde_json::from_str(&filled).unwrap();
        prop_assert_eq!(filled.as_object().unwrap().len(), 4);
        prop_assert_eq!(&filled["in"], &json!(format!("x \" {value}{other} y")));
        prop_assert_eq!(&filled["out"], &json!(value));
        prop_assert_eq!(&filled["esc"], &json!(format!("\\{other}")));
        prop_assert_eq!(filled["map"].get("b").is_some(), !other.is_empty());
    }

    #[test]
    fn no_label_is_a_link_or_a_mention_in_slack(value in any::<String>()) {
        let told = group(vec![alert(&[("a", &value)], State::Firing)]);
        let filled = template("<!here> {{ .CommonLabels.a }}", Form::Slack).unwrap().fill(&told, "").unwrap();
        let behind = filled.strip_prefix("<!here> ").unwrap();
        prop_assert!(!behind.contains(['<', '>']));
        let back = behind.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        prop_assert_eq!(back, value);
    }
}
