//! What is deployed beside the service, by the strictest checker there is.

use std::process::Command;

use serde_json::Value;

use crate::dashboard::{deployed, read};
use crate::harness::process::program;

fn yaml(name: &str) -> Vec<Value> {
    let text = read(name);
    let documents = text.split("\n---\n");
    documents
        .map(|text| serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}")))
        .collect()
}

fn told(command: &mut Command) -> (bool, String) {
    let ended = command.output().expect("it runs");
    let text = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn amtool_and_promtool_accept_what_is_deployed() {
    let mut amtool = Command::new(program("amtool", "prometheus-alertmanager"));
    let (good, text) = told(amtool.arg("check-config").arg(deployed("alertmanager.yml")));
    assert!(good && text.contains("2 receivers"), "{text}");
    let mut routes = Command::new(program("amtool", "prometheus-alertmanager"));
    routes.args(["config", "routes", "test", "--config.file"]).arg(deployed("alertmanager.yml"));
    for (severity, receiver) in [("critical", "on-call"), ("warning", "team")] {
        let (good, text) = told(
            Command::new(routes.get_program()).args(routes.get_args()).arg(format!("severity={severity}")),
        );
        assert!(good && text.lines().next() == Some(receiver), "{severity}: {text}");
    }
    // The token is there only in its container.
    let mut promtool = Command::new(program("promtool", "prometheus"));
    let (good, text) =
        told(promtool.args(["check", "config", "--syntax-only"]).arg(deployed("compose/prometheus.yml")));
    assert!(good, "{text}");
}

#[test]
fn systemd_accepts_the_unit_and_finds_little_exposed() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("medschedule.service");
    let unit = read("systemd/medschedule.service");
    assert_eq!(unit.matches("/usr/local/bin/medschedule").count(), 2);
    let unit = unit.replace("/usr/local/bin/medschedule", env!("CARGO_BIN_EXE_medschedule"));
    std::fs::write(&file, unit).expect("written");
    let analyze = || Command::new(program("systemd-analyze", "systemd"));
    let (good, text) = told(analyze().args(["verify", "--man=no"]).arg(&file));
    assert!(good && !text.contains("medschedule.service:"), "{text}");
    let (good, text) =
        told(analyze().args(["security", "--offline=true", "--threshold=20", "--no-pager"]).arg(&file));
    assert!(good && text.contains("Overall exposure level"), "{text}");
}

#[test]
fn the_composed_services_mount_what_there_is_and_hold_no_secret() {
    let [compose] = &yaml("compose/compose.yaml")[..] else { panic!("one document") };
    let services = compose["services"].as_object().expect("services");
    assert_eq!(services.len(), 8);
    for (name, service) in services {
        let image = service["image"].as_str().unwrap_or("built:here");
        assert!(image.contains(':') && !image.ends_with(":latest"), "{name}: {image}");
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let volume = volume.as_str().expect("text");
            if let Some(path) = volume.strip_prefix('.').and_then(|rest| rest.split(':').next()) {
                let path = deployed("compose").join(format!(".{path}"));
                assert!(path.exists() && volume.ends_with(":ro"), "{name}: {volume}");
            }
        }
        for (variable, value) in service["environment"].as_object().into_iter().flatten() {
            let secret = ["PASSWORD", "TOKEN", "SECRET"].iter().any(|word| variable.contains(word));
            assert!(
                !secret || value.as_str().is_some_and(|path| path.starts_with("/run/secrets/")),
                "{name}: {variable}"
            );
        }
        // Nothing is open to other machines.
        for port in service["ports"].as_array().into_iter().flatten() {
            assert!(port.as_str().is_some_and(|port| port.starts_with("127.0.0.1:")), "{name}: {port}");
        }
        for secret in service["secrets"].as_array().into_iter().flatten() {
            assert!(compose["secrets"].get(secret.as_str().expect("a name")).is_some(), "{name}: {secret}");
        }
    }
}

#[test]
fn the_image_runs_as_nobody_from_pinned_bases() {
    let text = read("Dockerfile");
    let of = |word: &str| {
        text.lines().filter_map(|line| line.strip_prefix(word)).map(str::trim).collect::<Vec<_>>()
    };
    let bases = of("FROM ");
    assert!(
        bases.len() == 2 && bases.iter().all(|base| base.contains(':') && !base.contains("latest")),
        "{bases:?}"
    );
    assert_eq!(of("USER "), ["nonroot:nonroot"]);
    assert_eq!(of("ENTRYPOINT "), ["[\"/usr/local/bin/medschedule\"]"]);
    let rust: Value = {
        let manifest = std::fs::read_to_string(deployed("../../../Cargo.toml")).expect("a manifest");
        let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).expect("a version");
        serde_json::from_str(line).expect("a text")
    };
    assert!(bases[0].starts_with(&format!("rust:{}-", rust.as_str().expect("a version"))), "{bases:?}");
}

#[test]
fn the_manifests_name_each_other_and_the_probes_that_there_are() {
    let objects = [yaml("kubernetes/medschedule.yaml"), yaml("kubernetes/servicemonitor.yaml")].concat();
    let kind =
        |kind: &str| objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("{kind}"));
    let (deployment, service) = (kind("Deployment"), kind("Service"));
    let pod = &deployment["spec"]["template"];
    for selector in [
        &deployment["spec"]["selector"]["matchLabels"],
        &service["spec"]["selector"],
        &kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
    ] {
        assert_eq!(selector, &pod["metadata"]["labels"]);
    }
    let monitor = kind("ServiceMonitor");
    assert_eq!(monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"]);
    assert_eq!(monitor["spec"]["endpoints"][0]["port"], service["spec"]["ports"][0]["name"]);

    let container = &pod["spec"]["containers"][0];
    assert_eq!(container["ports"][0]["name"], service["spec"]["ports"][0]["targetPort"]);
    let answering = crate::harness::Service::start(&[]);
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let asked = &container[probe]["httpGet"];
        assert_eq!(asked["port"], "http", "{probe}");
        let path = asked["path"].as_str().expect("a path");
        crate::harness::wait::until(path, || answering.get(path).status == 200);
    }
    for (place, what) in [("requests", "cpu"), ("requests", "memory"), ("limits", "memory")] {
        assert!(container["resources"][place][what].is_string(), "{place} {what}");
    }
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(pod["spec"]["securityContext"]["runAsNonRoot"], true);

    // Readiness has fallen everywhere before connections are refused, and all of it ends before it is killed.
    let environment = container["env"].as_array().expect("variables");
    let drain = environment.iter().find(|variable| variable["name"] == "MEDSCHEDULE_DRAIN").expect("a drain");
    let drain: u64 = drain["value"].as_str().and_then(|text| text.parse().ok()).expect("seconds");
    let readiness = &container["readinessProbe"];
    let number = |value: &Value| value.as_u64().expect("a number");
    assert!(drain > number(&readiness["periodSeconds"]) * number(&readiness["failureThreshold"]));
    assert!(number(&pod["spec"]["terminationGracePeriodSeconds"]) >= drain + 35);
    let help = Command::new(env!("CARGO_BIN_EXE_medschedule")).arg("--help").output().expect("it runs");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    for variable in environment {
        let name = variable["name"].as_str().expect("a name");
        assert!(help.contains(&format!("[env: {name}")), "{name}");
    }
}

#[test]
fn grafana_is_given_the_data_source_and_every_dashboard() {
    let [sources] = &yaml("grafana/provisioning/datasources/prometheus.yml")[..] else {
        panic!("one document")
    };
    let source = &sources["datasources"][0];
    assert_eq!((&source["type"], &source["isDefault"]), (&"prometheus".into(), &true.into()));
    let [providers] = &yaml("grafana/provisioning/dashboards/medschedule.yml")[..] else {
        panic!("one document")
    };
    let folder = providers["providers"][0]["options"]["path"].as_str().expect("a folder");
    let compose = read("compose/compose.yaml");
    let overview: Value = serde_json::from_str(&read("medschedule-overview.json")).expect("JSON");
    let targets = |board: &Value| {
        let panels = board["panels"].as_array().expect("panels").clone();
        let targets =
            panels.iter().flat_map(|panel| panel["targets"].as_array().cloned().unwrap_or_default());
        targets.map(|target| target["expr"].to_string()).collect::<Vec<_>>()
    };
    let known = targets(&overview);
    let mut shown = Vec::new();
    for name in ["overview", "red", "use", "business"] {
        let file = format!("medschedule-{name}.json");
        assert!(compose.contains(&format!("../{file}:{folder}/{file}:ro")), "{file}");
        let board: Value = serde_json::from_str(&read(&file)).expect("JSON");
        let variable = &board["templating"]["list"][0];
        assert_eq!(variable["query"], source["type"], "{file}");
        for panel in board["panels"].as_array().expect("panels").iter().filter(|panel| panel["type"] != "row")
        {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{file}");
        }
        // The overview's are asked of a real Prometheus elsewhere.
        let asked = targets(&board);
        assert!(!asked.is_empty() && asked.iter().all(|target| known.contains(target)), "{file}");
        if name != "overview" {
            shown.extend(asked);
        }
    }
    assert_eq!(shown.len(), known.len(), "the three are the overview in parts");
}
