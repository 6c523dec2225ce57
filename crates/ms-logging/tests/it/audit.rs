//! The audit trail: complete, ordered, and every change of it found.

use std::fs;
use std::future::Future;
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use ms_logging::{
    AuditError, AuditKey, AuditLog, Break, Recorded, VerifyError, audit_event, verify_audit,
    verify_audit_since,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

fn trail(records: u64) -> (TempDir, std::path::PathBuf, Vec<Recorded>) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("audit/trail.jsonl");
    let audit = AuditLog::builder(&path).open().unwrap();
    let receipts: Vec<_> = (0..records)
        .map(|shift| audit_event!(audit, "shift_cancelled", actor = "planner-4", shift = shift))
        .collect();
    let recorded = receipts.into_iter().map(|receipt| receipt.wait().unwrap()).collect();
    (directory, path, recorded)
}

fn broken(path: &std::path::Path) -> (u64, Break) {
    match verify_audit(path, None) {
        Err(VerifyError::Broken { line, reason, .. }) => (line, reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn records_are_numbered_bound_and_confirmed() {
    let (_directory, path, recorded) = trail(100);
    assert_eq!(recorded.iter().map(|record| record.seq).collect::<Vec<_>>(), (1..=100).collect::<Vec<_>>());
    let verified = verify_audit(&path, None).unwrap();
    assert_eq!((verified.records, verified.last.as_ref()), (100, recorded.last()));
    let first: Value =
        serde_json::from_str(fs::read_to_string(&path).unwrap().lines().next().unwrap()).unwrap();
    assert_eq!(first["event_type"], "shift_cancelled");
    assert_eq!(first["data"], json!({"actor": "planner-4", "shift": 0}));
    assert_eq!(first["hash"], recorded[0].hash.as_str());
}

/// Another implementation of the format, from its description.
#[test]
fn python_finds_the_same_hashes() {
    let (_directory, path, recorded) = trail(3);
    let script = "import hashlib,json,sys\nprev='0'*64\nfor line in open(sys.argv[1],'rb'):\n  \
        body,hash=line[:-1].rsplit(b',\"hash\":\"',1)\n  record=json.loads(line)\n  \
        assert record['prev']==prev and hashlib.sha256(body).hexdigest()==record['hash']\n  prev=record['hash']\nprint(prev)";
    let output = Command::new("python3").args(["-c", script]).arg(&path).output();
    let output = output.expect("python3 is needed: apt-get install python3");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), recorded[2].hash, "{output:?}");
}

#[test]
fn patients_are_redacted_and_control_characters_escaped() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("audit.jsonl");
    let audit = AuditLog::builder(&path).open().unwrap();
    let receipt =
        audit_event!(audit, "seen\n", patient_name = "Ayşe Yılmaz", note = "TC 10000000146\u{202e}");
    receipt.wait().unwrap();
    let line = fs::read_to_string(&path).unwrap();
    assert!(!line.contains("Ayşe") && !line.contains("10000000146") && !line.contains('\u{202e}'), "{line}");
    assert_eq!(verify_audit(&path, None).unwrap().records, 1);
}

#[test]
fn a_trail_goes_on_after_a_restart_and_cuts_off_what_was_not_confirmed() {
    let (_directory, path, recorded) = trail(2);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], b"{\"timestamp\":\"2026-"].concat()).unwrap();
    assert_eq!(broken(&path), (3, Break::Form));
    let audit = AuditLog::builder(&path).open().unwrap();
    assert_eq!(audit_event!(audit, "next").wait().unwrap().seq, 4);
    drop(audit);
    let text = fs::read_to_string(&path).unwrap();
    let third: Value = serde_json::from_str(text.lines().nth(2).unwrap()).unwrap();
    assert_eq!(
        (&third["event_type"], &third["data"]["bytes_removed"]),
        (&json!("audit_recovered"), &json!(19))
    );
    assert_eq!(third["prev"], recorded[1].hash.as_str());
    assert_eq!(verify_audit(&path, None).unwrap().records, 4);
}

#[test]
fn the_first_line_that_was_changed_removed_or_moved_is_named() {
    let (_directory, path, _) = trail(6);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let with = |lines: &[&str]| {
        fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap()
    };
    with(&[lines[0], lines[1], lines[3], lines[4]]);
    assert_eq!(broken(&path), (3, Break::Order), "removed");
    with(&[lines[1], lines[2]]);
    assert_eq!(broken(&path), (1, Break::Order), "the first one removed");
    with(&[lines[0], lines[2], lines[1]]);
    assert_eq!(broken(&path), (2, Break::Order), "moved");
    with(&[lines[0], lines[1], lines[1], lines[2]]);
    assert_eq!(broken(&path), (3, Break::Order), "doubled");
    let changed = lines[4].replace("\"shift\":4", "\"shift\":5");
    with(&[lines[0], lines[1], lines[2], lines[3], &changed, lines[5]]);
    assert_eq!(broken(&path), (5, Break::Hash), "changed");
    with(&[lines[0], "", lines[1]]);
    assert_eq!(broken(&path), (2, Break::Form), "an empty line");
}

#[test]
fn whoever_does_not_know_the_key_makes_no_valid_record() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("audit.jsonl");
    let key = AuditKey::new(*b"0123456789abcdef0123456789abcdef");
    let audit = AuditLog::builder(&path).key(key.clone()).open().unwrap();
    audit_event!(audit, "one").wait().unwrap();
    drop(audit);
    assert_eq!(verify_audit(&path, Some(&key)).unwrap().records, 1);
    let other = AuditKey::new(*b"another secret of thirty-two byte");
    for wrong in [None, Some(&other)] {
        let result = verify_audit(&path, wrong);
        assert!(
            matches!(result, Err(VerifyError::Broken { line: 1, reason: Break::Hash, .. })),
            "{result:?}"
        );
    }
    let opened = AuditLog::builder(&path).open();
    assert!(matches!(opened, Err(AuditError::Broken { .. })), "{opened:?}");
    assert!(!format!("{key:?}").contains("0123"));
}

#[test]
fn a_file_has_one_writer_and_is_no_other_file() {
    let (_directory, path, _) = trail(1);
    let audit = AuditLog::builder(&path).open().unwrap();
    let second = AuditLog::builder(&path).open();
    assert!(matches!(second, Err(AuditError::Locked { .. })), "{second:?}");
    fs::rename(&path, path.with_extension("moved")).unwrap();
    let answer = audit_event!(audit, "nowhere").wait();
    assert!(matches!(answer, Err(AuditError::Moved { .. })), "{answer:?}");
    drop(audit);
    assert_eq!(verify_audit(path.with_extension("moved"), None).unwrap().records, 1);
    std::os::unix::fs::symlink(path.with_extension("moved"), &path).unwrap();
    let linked = AuditLog::builder(&path).open();
    assert!(matches!(linked, Err(AuditError::Io(_))), "{linked:?}");
    fs::remove_file(&path).unwrap();
    fs::write(&path, "no record\n").unwrap();
    let foreign = AuditLog::builder(&path).open();
    assert!(matches!(foreign, Err(AuditError::Broken { .. })), "{foreign:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "no record\n", "it is left as it was");
}

#[test]
fn what_was_kept_elsewhere_shows_what_was_cut_off() {
    let (_directory, path, recorded) = trail(6);
    for kept in &recorded {
        assert_eq!(verify_audit_since(&path, None, kept).unwrap().records, 6);
    }
    let text = fs::read_to_string(&path).unwrap();
    let three: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
    fs::write(&path, three).unwrap();
    assert_eq!(verify_audit(&path, None).unwrap().records, 3, "the tail alone tells nothing");
    assert_eq!(verify_audit_since(&path, None, &recorded[2]).unwrap().last.as_ref(), Some(&recorded[2]));
    let gone = verify_audit_since(&path, None, &recorded[3]);
    assert!(matches!(gone, Err(VerifyError::Gone { seq: 4, .. })), "{gone:?}");
    // All of it made anew.
    fs::remove_file(&path).unwrap();
    let audit = AuditLog::builder(&path).open().unwrap();
    for shift in 0..6 {
        audit_event!(audit, "shift_cancelled", actor = "planner-4", shift = shift).wait().unwrap();
    }
    let anew = verify_audit_since(&path, None, &recorded[0]);
    assert!(matches!(anew, Err(VerifyError::Gone { seq: 1, .. })), "{anew:?}");
}

#[test]
fn what_is_too_long_is_cut_and_says_so() {
    let (_directory, path, _) = trail(0);
    let audit = AuditLog::builder(&path).open().unwrap();
    let note = "TC 10000000146 ğ\u{202e} ".repeat(10_000);
    audit.record(&"seen ".repeat(1_000_000), json!({ "note": note })).wait().unwrap();
    drop(audit);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.len() < 128 * 1024 && !text.contains("10000000146") && !text.contains('\u{202e}'));
    let record: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(record["data"]["truncated"], true);
    assert!(
        record["data"]["json"].as_str().unwrap().starts_with("{\"note\":\"TC [redacted] ğ"),
        "{text:.300}"
    );
    assert_eq!(record["event_type"].as_str().unwrap().len(), 256);
    assert_eq!(verify_audit(&path, None).unwrap().records, 1);
}

#[test]
fn a_line_without_an_end_fills_no_memory() {
    let (_directory, path, _) = trail(1);
    let mut trail = fs::read(&path).unwrap();
    trail.resize(trail.len() + (9 << 20), b'x');
    fs::write(&path, trail).unwrap();
    assert_eq!(broken(&path), (2, Break::Form));
    let opened = AuditLog::builder(&path).open();
    assert!(matches!(opened, Err(AuditError::Broken { .. })), "{opened:?}");
}

#[test]
#[allow(unsafe_code, reason = "there is no safe way to fork")]
fn a_forked_process_records_nothing_and_waits_for_nothing() {
    let (_directory, path, _) = trail(1);
    let audit = AuditLog::builder(&path).open().unwrap();
    // SAFETY: the child asks for a record, which is refused, and ends without running anybody's destructors.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::alarm(20);
            let refused = matches!(audit_event!(audit, "of the child").wait(), Err(AuditError::Forked));
            drop(audit);
            libc::_exit(i32::from(!refused));
        }
        let mut status = -1;
        assert_eq!((libc::waitpid(child, &raw mut status, 0), status), (child, 0));
    }
    assert_eq!(audit_event!(audit, "of the parent").wait().unwrap().seq, 2);
}

#[test]
fn a_full_disk_refuses_the_event_and_says_so() {
    let audit = AuditLog::builder("/dev/full").open().unwrap();
    let answer = audit_event!(audit, "lost").wait();
    assert!(matches!(answer, Err(AuditError::Io(_))), "{answer:?}");
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[test]
fn a_receipt_can_be_awaited() {
    let (_directory, path, _) = trail(1);
    let audit = AuditLog::builder(&path).open().unwrap();
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut receipt = pin!(audit_event!(audit, "awaited"));
    let recorded = loop {
        match receipt.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => break answer.unwrap(),
            Poll::Pending => std::thread::park(),
        }
    };
    assert_eq!(recorded.seq, 2);
}

#[test]
fn threads_share_a_trail() {
    let (_directory, path, _) = trail(0);
    let audit = AuditLog::builder(&path).open().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let audit = &audit;
            scope.spawn(move || {
                let receipts: Vec<_> = (0..200)
                    .map(|number| audit_event!(audit, "event", thread = thread, number = number))
                    .collect();
                receipts.into_iter().for_each(|receipt| drop(receipt.wait().unwrap()));
            });
        }
    });
    drop(audit);
    assert_eq!(verify_audit(&path, None).unwrap().records, 1600);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any one byte, anywhere.
    #[test]
    fn no_byte_can_be_changed_unnoticed(at: prop::sample::Index, with: u8) {
        let (_directory, path, _) = trail(4);
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != with);
        let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        bytes[at] = with;
        fs::write(&path, &bytes).unwrap();
        prop_assert_eq!(broken(&path).0, line);
    }

    #[test]
    fn any_data_makes_a_record_that_verifies(event_type: String, text: String) {
        let (_directory, path, _) = trail(0);
        let audit = AuditLog::builder(&path).open().unwrap();
        let forged = format!("{text}\",\"seq\":1,\"prev\":\"{}\",\"hash\":\"{}\"}}", "0".repeat(64), "0".repeat(64));
        audit.record(&event_type, json!({ "text": text, "forged": forged })).wait().unwrap();
        drop(audit);
        prop_assert_eq!(verify_audit(&path, None).unwrap().records, 1);
    }
}
