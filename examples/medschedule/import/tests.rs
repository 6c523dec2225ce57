use std::path::Path;

use super::*;
use crate::cache::Cache;
use crate::store::Store;

const HEADER: &str = "id,employee,department,start,end\n";

async fn service(dir: &Path) -> Service {
    let store = Store::sqlite(&dir.join("db")).await.expect("opens");
    let metrics = ms_metrics::Metrics::builder().build().expect("builds");
    Service::new(store, Cache::memory(), metrics.business(), dir)
}

fn row(id: &str) -> String {
    format!("{id},Ayşe,Acil Servis,2026-03-02T08:00+03:00,2026-03-02T16:00+03:00\n")
}

fn places(outcome: &Outcome) -> Vec<(u64, Option<&str>)> {
    outcome.rejected.iter().map(|fault| (fault.line, fault.column.as_deref())).collect()
}

async fn csv(service: &Service, text: &str) -> Outcome {
    load(service, Format::Csv, io::Cursor::new(text.to_owned())).await.expect("readable")
}

#[tokio::test]
async fn rows_known_to_the_database_are_refused_with_their_line() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let service = service(dir.path()).await;
    let first = csv(&service, &[HEADER, &row("1"), &row("2")].concat()).await;
    assert_eq!((first.accepted, first.refused()), (2, 0));

    let text = [HEADER, "\n", &row("3"), &row("1"), "4,broken\n", &row("2"), &row("3"), &row("5")].concat();
    let outcome = csv(&service, &text).await;
    assert_eq!((outcome.accepted, outcome.known), (2, 2));
    let expected = [(4, Some("id")), (5, Some("department")), (6, Some("id")), (7, Some("id"))];
    assert_eq!(places(&outcome), expected);
}

#[tokio::test]
async fn lines_behind_a_forgotten_quote_are_counted_on() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let service = service(dir.path()).await;
    csv(&service, &[HEADER, &row("1"), &row("2"), &row("3")].concat()).await;
    let text = [HEADER, "9,\"Ayşe\n", &row("1"), &row("2"), "\"8\",\"A\" x\n", &row("3")].concat();
    let outcome = csv(&service, &text).await;
    let expected =
        [(2, Some("employee")), (3, Some("id")), (4, Some("id")), (5, Some("employee")), (6, Some("id"))];
    assert_eq!(places(&outcome), expected);
}

#[tokio::test]
async fn a_known_row_of_several_lines_is_refused_on_its_first() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let service = service(dir.path()).await;
    let header = HEADER.replace('\n', ",note\n");
    let noted = |id: &str, note: &str| row(id).replace('\n', &format!(",{note}\n"));
    let text = [header.as_str(), &noted("1", "\"a\nb\nc\""), &noted("2", "")].concat();
    assert_eq!(csv(&service, &text).await.accepted, 2);
    assert_eq!(places(&csv(&service, &text).await), [(2, Some("id")), (5, Some("id"))]);

    let text = [&header, "9,\"Ayşe\n\n\n", &noted("1", ""), "\n", &noted("2", "")].concat();
    let expected = [(2, Some("employee")), (5, Some("id")), (7, Some("id"))];
    assert_eq!(places(&csv(&service, &text).await), expected);
}

#[tokio::test]
async fn an_unreadable_roster_changes_nothing() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let service = service(dir.path()).await;
    for text in ["", "id;employee;department;start;end\n1;2\n", "id,employee\n1,2\n"] {
        let source = io::Cursor::new(text);
        let error = load(&service, Format::Csv, source).await.expect_err("unreadable");
        assert!(matches!(error, LoadError::Unreadable(_)), "{text:?}");
    }
    let mut reader = io::Cursor::new(HEADER.to_owned() + &row("1").repeat(2000));
    struct Failing<R>(R, usize);
    impl<R: Read> Read for Failing<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = self.1.checked_sub(1).ok_or_else(|| io::Error::other("gone"))?;
            self.0.read(&mut buffer[..4096])
        }
    }
    let text = (0..2000).map(|id| row(&id.to_string())).collect::<String>();
    *reader.get_mut() = HEADER.to_owned() + &text;
    let error = load(&service, Format::Csv, Failing(reader, 30)).await.expect_err("fails");
    assert!(matches!(error, LoadError::Read(_)));
    assert!(service.store.latest(1).await.expect("reads").is_empty());
}

#[tokio::test]
async fn a_file_of_nothing_but_faults_is_told_in_part() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let service = service(dir.path()).await;
    let outcome =
        load(&service, Format::JsonLines, io::Cursor::new("x\n".repeat(TOLD + 5))).await.expect("readable");
    assert_eq!((outcome.accepted, outcome.rejected.len(), outcome.rejected_more), (0, TOLD, 5));
    let json = serde_json::to_value(&outcome).expect("serialises");
    assert_eq!(json["rejected_more"], 5);
    assert_eq!(json["rejected"][0]["line"], 1);
    assert!(json["rejected"][0]["column"].is_null());
}
