//! What the README tells its readers to type.

use std::path::Path;
use std::process::Command;

use crate::harness::Service;
use crate::harness::process::program;
use crate::harness::wait::until;
use crate::roster::total;

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
