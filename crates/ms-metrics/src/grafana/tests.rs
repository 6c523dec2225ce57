use super::*;
use crate::Metric;

#[test]
fn a_uid_is_one_that_grafana_takes() {
    for (title, expected) in [
        ("MedSchedule Overview", "medschedule-overview"),
        ("Nöbet / Acil", "n-bet---acil"),
        ("", "ms-metrics"),
        (&"x".repeat(50), &"x".repeat(40)),
    ] {
        assert_eq!(Dashboard::new(title).uid, expected);
    }
    assert_eq!(Dashboard::new("A").uid("Own_uid-1/ş").uid, "Own_uid-1--");
}

#[test]
fn a_row_switched_on_and_off_comes_back_to_its_place() {
    let rows = |dashboard: &Dashboard| dashboard.rows.clone();
    let dashboard = Dashboard::new("A");
    assert!(!rows(&dashboard).contains(&Row::Container));
    let all = dashboard.clone().row(Row::Container, true).row(Row::Bodies, true);
    assert_eq!(rows(&all), Row::ALL);
    let again = dashboard.clone().row(Row::Machine, false).row(Row::Machine, true).row(Row::Machine, true);
    assert_eq!(rows(&again), rows(&dashboard));
}

#[test]
fn a_panel_more_in_one_row_leaves_the_ids_of_the_others() {
    const BEDS: Metric = Metric::gauge("free_beds", "Beds that are free.");
    let ids = |team: &[Metric]| {
        let catalog = Catalog::new(team.iter().copied()).unwrap();
        Dashboard::new("A").placed(&catalog).into_iter().map(|panel| panel.id).collect::<Vec<_>>()
    };
    let (without, with) = (ids(&[]), ids(&[BEDS]));
    assert_eq!(with[..without.len()], without);
    assert_eq!(with.len(), without.len() + 1);
}
