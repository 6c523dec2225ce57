//! What the README tells its readers to type.

use std::path::Path;
use std::process::Command;

use crate::harness::Service;
use crate::harness::process::program;
use crate::harness::wait::until;
use crate::roster::total;

/// The tools run as they were built for this test; what is built elsewhere, or has a test of its own, is left out by name.
const AS_BUILT: &str = r#"set -e
cargo() {
    case "$*" in build\ *|*\ --bin\ generate) return ;; esac
    while [ "$1" != --bin ]; do shift; done
    program=$2
    shift 2
    if [ "${1:-}" = -- ]; then shift; fi
    "$BUILT/$program" "$@"
}
curl() { command curl -sSf "$@"; }
"#;

/// Types these lines into a shell of the service's directory, where a clone's `examples` lie, too.
fn typed(service: &Service, lines: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let directory = service.directory().path();
    let _ = std::os::unix::fs::symlink(root.join("examples"), directory.join("examples"));
    let built = Path::new(env!("CARGO_BIN_EXE_medschedule")).parent().expect("a directory");
    let address = service.address.to_string();
    let lines = lines
        .replace("127.0.0.1:8000", &address)
        .replace("localhost:8000", &format!("localhost:{}", service.address.port()))
        .replace("target/release/medschedule", "\"$BUILT/medschedule\"")
        // Shorter than a reader has patience.
        .replace("--lines 1000000", "--lines 10000")
        .replace("--duration 30", "--duration 1");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{AS_BUILT}{lines}")]).current_dir(directory);
    shell.env("BUILT", built).env("MEDSCHEDULE_LISTEN", &address);
    let ended = shell.output().expect("sh runs");
    let (seen, errors) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{lines}: {seen} {errors}");
    seen.into_owned()
}

fn blocks(document: &str) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(document);
    let text = std::fs::read_to_string(file).expect("it is there");
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(str::to_owned).collect()
}

#[test]
fn the_tools_of_the_readme_run_as_written() {
    let service = Service::start(&[]);
    until("it is healthy", || service.get("/health").status == 200);
    let tools: Vec<_> =
        blocks("README.md").into_iter().filter(|block| block.contains("--bin analyze")).collect();
    let [tools] = &tools[..] else { panic!("{} lists of tools", tools.len()) };
    let seen = typed(&service, tools);
    for word in ["Acil Servis", "HighCpuUsage"] {
        assert!(seen.contains(word), "{word}: {seen}");
    }
    assert!(service.directory().path().join("clean.log").is_file());
}

#[test]
fn the_commands_of_the_deployment_guide_run_as_written() {
    let directory = crate::harness::service::new_directory();
    std::fs::write(directory.path().join("token"), "0123456789abcdef\n").expect("written");
    let service = Service::start_in(&directory, &["--token-file", "token"]);
    until("it is healthy", || service.get("/health").status == 200);
    let mut ran = 0;
    for block in blocks("docs/deployment.md") {
        // The first start is that of every test here, and the whole system has a test of its own.
        if block.contains("--data-dir /var/lib") || block.contains("deploy/up") {
            continue;
        }
        typed(&service, &block);
        ran += 1;
    }
    assert_eq!(ran, 3);
}

#[test]
fn the_walk_through_works_as_written() {
    program("curl", "curl");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("it is there");
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let walks: Vec<_> = blocks.filter(|block| block.contains("curl localhost:8000")).collect();
    let [walk] = walks[..] else { panic!("{} walk-throughs", walks.len()) };

    let roster = root.join("examples/medschedule/roster.csv");
    let service = Service::start(&["--seed", roster.to_str().expect("UTF-8")]);
    let planned = total(&service);
    // On a machine that is very busy the first check may miss its deadline.
    until("it is healthy", || service.get("/health").status == 200);
    let walk = walk.replace("localhost:8000", &format!("localhost:{}", service.address.port()));
    // As typed, but an error answer ends it.
    let script = format!("set -e\ncurl() {{ command curl -sSf \"$@\"; }}\n{walk}");
    let mut shell = Command::new("sh");
    let walked =
        shell.args(["-c", &script]).current_dir(service.directory().path()).output().expect("sh runs");
    let (seen, errors) = (String::from_utf8_lossy(&walked.stdout), String::from_utf8_lossy(&walked.stderr));
    assert!(walked.status.success(), "{seen} {errors}");
    for word in
        ["\"status\":\"healthy\"", "http_requests_total", "\"total_shifts\"", "\"alerts\"", " - INFO - "]
    {
        assert!(seen.contains(word), "{word}: {seen}");
    }
    assert_eq!(total(&service), planned + 1);
}
