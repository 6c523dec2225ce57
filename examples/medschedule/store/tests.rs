use std::os::unix::fs::PermissionsExt;

use super::*;

fn shift(id: &str, employee: &str, start: &str, end: &str) -> StoredShift {
    let (start, end) = (format!("2026-03-{start}+03:00"), format!("2026-03-{end}+03:00"));
    let shift = ms_analytics::ShiftRef::new(id, employee, "Acil Servis", &start, &end, None);
    shift.expect("a valid shift").into()
}

async fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = Store::sqlite(&dir.path().join("a?b #ş%.db")).await.expect("opens");
    (dir, store)
}

async fn plan(store: &Store, shift: &StoredShift, refuse: bool) -> Result<Planned, StoreError> {
    store.turn_to_plan(&shift.employee).await?.plan(shift, refuse).await
}

async fn delete(store: &Store, id: &str) -> Result<bool, StoreError> {
    store.turn_to_delete(id).await?.delete(id).await
}

async fn all(store: &Store) -> Vec<StoredShift> {
    store.stream(&Filter::default()).try_collect().await.expect("reads")
}

fn ids(shifts: &[StoredShift]) -> Vec<&str> {
    shifts.iter().map(|shift| shift.id.as_str()).collect()
}

#[tokio::test]
async fn what_was_planned_is_read_back_as_it_was_given() {
    let (dir, store) = store().await;
    let file = std::fs::metadata(dir.path().join("a?b #ş%.db")).expect("the name of the file is kept");
    assert_eq!(file.permissions().mode() & 0o777, 0o640);
    let mut given = shift("1", "Ayşe", "02T08:00", "02T16:00");
    given.duration = 8.000_000_4;
    assert!(matches!(plan(&store, &given, false).await, Ok(Planned::Kept(overlaps)) if overlaps.total == 0));
    assert!(matches!(plan(&store, &given, false).await, Ok(Planned::IdTaken)));
    assert_eq!(all(&store).await, [given.clone()]);
    assert_eq!(given.as_shift().expect("usable").duration_hours(), 8.000_000_4);
    assert_eq!(store.departments().await.expect("reads"), ["Acil Servis"]);

    store.close().await;
    let again = Store::sqlite(&dir.path().join("a?b #ş%.db")).await.expect("opens again");
    assert_eq!(all(&again).await, [given]);
    assert!(delete(&again, "1").await.expect("deletes"));
    assert!(!delete(&again, "1").await.expect("answers"));
}

#[tokio::test]
async fn shifts_in_the_way_are_named_and_touching_ones_are_not() {
    let (_dir, store) = store().await;
    for (id, start, end) in
        [("1", "02T08:00", "02T16:00"), ("2", "02T00:00", "02T08:00"), ("3", "02T23:00", "03T07:00")]
    {
        plan(&store, &shift(id, "Ayşe", start, end), true).await.expect("plans");
    }
    plan(&store, &shift("4", "Mehmet", "02T08:00", "02T16:00"), true).await.expect("plans");
    let over = shift("5", "Ayşe", "02T07:00", "02T09:00");
    let Ok(Planned::Refused(overlaps)) = plan(&store, &over, true).await else { panic!("must be refused") };
    assert_eq!((ids(&overlaps.shifts), overlaps.total), (vec!["2", "1"], 2));
    assert_eq!(all(&store).await.len(), 4, "a refused shift is not kept");
    let Ok(Planned::Kept(overlaps)) = plan(&store, &over, false).await else { panic!("must be kept") };
    assert_eq!(overlaps.total, 2);
}

#[tokio::test]
async fn a_hundred_of_many_overlaps_are_listed_and_all_are_counted() {
    let (_dir, store) = store().await;
    let mut import = store.import().await.expect("begins");
    let many: Vec<_> = (0..300).map(|id| shift(&id.to_string(), "Ayşe", "02T08:00", "02T16:00")).collect();
    assert!(import.add(&many).await.expect("adds").is_empty());
    assert_eq!(import.finish().await.expect("commits").conflicts, 300 * 299 / 2);
    let planned = plan(&store, &shift("x", "Ayşe", "02T15:00", "02T17:00"), true).await.expect("answers");
    let Planned::Refused(overlaps) = planned else { panic!("must be refused") };
    assert_eq!((overlaps.shifts.len(), overlaps.total), (100, 300));
}

#[tokio::test]
async fn an_import_is_kept_whole_or_not_at_all() {
    let (_dir, store) = store().await;
    plan(&store, &shift("2", "Ayşe", "02T08:00", "02T16:00"), false).await.expect("plans");
    let rows = [
        shift("1", "Ayşe", "02T12:00", "02T20:00"),
        shift("2", "Mehmet", "02T08:00", "02T16:00"),
        shift("1", "Mehmet", "02T08:00", "02T16:00"),
    ];
    let mut dropped = store.import().await.expect("begins");
    assert_eq!(dropped.add(&rows).await.expect("adds"), [1, 2]);
    drop(dropped);
    assert_eq!(ids(&all(&store).await), ["2"]);

    let mut import = store.import().await.expect("begins");
    assert_eq!(import.add(&rows).await.expect("adds"), [1, 2]);
    let imported = import.finish().await.expect("commits");
    assert_eq!((imported.accepted(), imported.conflicts), (1, 1));
    assert_eq!(ids(&all(&store).await), ["2", "1"]);
}

#[tokio::test]
async fn pages_follow_the_starts_and_leave_nothing_out() {
    let (_dir, store) = store().await;
    let mut import = store.import().await.expect("begins");
    let days = ["05", "02", "04", "02", "03"];
    let rows = (0..)
        .zip(days)
        .map(|(id, day)| shift(&format!("{id}"), "Ayşe", &format!("{day}T08:00"), &format!("{day}T09:00")));
    let rows = rows.collect::<Vec<_>>();
    import.add(&rows).await.expect("adds");
    import.finish().await.expect("commits");

    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = store.page(&Filter::default(), cursor, 2).await.expect("reads");
        seen.extend(page.into_iter().map(|shift| shift.id));
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["1", "3", "4", "2", "0"]);
    let filter = Filter {
        employee: Some("Ayşe".to_owned()),
        department: Some("Acil Servis".to_owned()),
        from_us: Some(rows[4].start_us),
        to_us: Some(rows[0].start_us),
    };
    assert_eq!(ids(&store.page(&filter, None, 9).await.expect("reads").0), ["4", "2"]);
    let found: Vec<_> = store.stream(&filter).try_collect().await.expect("reads");
    assert_eq!(ids(&found), ["2", "4"], "a stream is in the order of planning");
    assert_eq!(ids(&store.latest(2).await.expect("reads")), ["4", "3"]);
    let nobody = Filter { employee: Some("ayşe".to_owned()), ..Filter::default() };
    assert!(store.page(&nobody, None, 9).await.expect("reads").0.is_empty(), "names are compared by bytes");
}

#[tokio::test]
async fn planners_at_once_see_each_other() {
    let (_dir, store) = store().await;
    let plans = (0..40).map(|id| {
        let store = store.clone();
        tokio::spawn(async move {
            plan(&store, &shift(&id.to_string(), "Ayşe", "02T08:00", "02T16:00"), true).await
        })
    });
    let mut kept = 0;
    for plan in plans.collect::<Vec<_>>() {
        kept += u32::from(matches!(plan.await.expect("no panic").expect("answers"), Planned::Kept(_)));
    }
    assert_eq!(kept, 1);
}

/// SQLite ends the transaction by itself when the disk is full; a page limit stands in for the disk.
#[tokio::test]
async fn a_full_database_takes_shifts_again_once_there_is_room() {
    let (_dir, store) = store().await;
    let limit = async |pages: u32| {
        let mut connections = Vec::new();
        for _ in 0..8 {
            connections.push(store.pool.acquire().await.expect("connects"));
        }
        for connection in &mut connections {
            let pragma = AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
            sqlx::raw_sql(pragma).execute(&mut **connection).await.expect("limits");
        }
    };
    limit(1).await;
    let many: Vec<_> = (0..200).map(|id| shift(&id.to_string(), "Ayşe", "02T08:00", "02T16:00")).collect();
    for _ in 0..3 {
        let mut import = store.import().await.expect("begins");
        assert!(import.add(&many).await.is_err_and(|error| error.is_full()));
    }
    limit(1 << 20).await;
    // Connections take turns: more rounds than there are.
    for round in 0..10 {
        let planned = plan(&store, &shift(&format!("r{round}"), "Ayşe", "02T08:00", "02T16:00"), false).await;
        assert!(matches!(planned, Ok(Planned::Kept(_))), "{planned:?}");
    }
}

#[tokio::test]
async fn a_removed_file_takes_no_more_shifts() {
    let (dir, store) = store().await;
    store.ping().await.expect("answers");
    let file = dir.path().join("a?b #ş%.db");
    std::fs::rename(&file, dir.path().join("away")).expect("moves");
    assert!(matches!(store.ping().await, Err(StoreError::FileGone)));
    let planned = plan(&store, &shift("1", "Ayşe", "02T08:00", "02T16:00"), false).await;
    assert!(matches!(planned, Err(StoreError::FileGone)));
    std::fs::write(&file, b"").expect("writes");
    assert!(matches!(store.ping().await, Err(StoreError::FileGone)), "another file is not ours");
    std::fs::rename(dir.path().join("away"), &file).expect("moves back");
    store.ping().await.expect("answers again");
}
