//! The page: what is on it, and that data is never markup.

use ms_analytics::chart::{Language, Page, bars, gantt, heat_map, percentile_curve};
use ms_analytics::load::LoadAnalytics;
use ms_analytics::rules::{RuleAnalytics, RuleSet};
use ms_analytics::timetable::Timetable;
use ms_analytics::{Shift, ShiftAnalytics};

const HOSTILE: &str = "<script>alert('x')</script>&\"\u{202e}";

fn shifts() -> Vec<Shift> {
    let shift = |id, who, place, start, end| Shift::new(id, who, place, start, end, None).unwrap();
    vec![
        shift("1", HOSTILE, "Acil", "2026-03-02T08:00:00+03:00", "2026-03-02T16:00:00+03:00"),
        shift("2", HOSTILE, "Yoğun Bakım", "2026-03-02T12:00:00+03:00", "2026-03-02T20:00:00+03:00"),
        shift("3", "Can", "Acil", "2026-03-03T20:00:00+03:00", "2026-03-04T08:00:00+03:00"),
    ]
}

fn page(language: Language) -> String {
    let shifts = shifts();
    let (mut timetable, mut load) = (Timetable::default(), LoadAnalytics::default());
    let mut rules = RuleAnalytics::new(RuleSet::tr_657());
    for shift in &shifts {
        timetable.add(shift);
        load.add(shift);
        rules.add(shift);
    }
    let (report, load, rules) =
        (ShiftAnalytics::analyze_shift_patterns(&shifts), load.finish(), rules.finish());
    let conflicts = timetable.conflicts(10);
    Page::new(language)
        .shifts(&report)
        .timetable(&timetable)
        .conflicts(&conflicts)
        .load(&load)
        .rules(&rules)
        .response_times("before", &[0.1, 0.2, 0.9])
        .response_times("after", &[0.1, 0.1, 0.3])
        .html()
}

#[test]
fn the_page_shows_every_part_in_both_languages() {
    let (english, turkish) = (page(Language::English), page(Language::Turkish));
    for heading in [
        "Roster",
        "Conflicts",
        "Hours at work",
        "Shifts by department",
        "Working-time rules",
        "Response times",
    ] {
        assert!(english.contains(&format!("<h2>{heading}")), "{heading}");
    }
    for heading in ["Çizelge", "Çakışma", "Bölüme göre vardiya", "Çalışma süresi kuralları", "Yanıt süreleri"]
    {
        assert!(turkish.contains(&format!("<h2>{heading}")), "{heading}");
    }
    assert_eq!(english.matches("<svg").count(), 4);
    assert!(english.contains("prefers-color-scheme:dark"));
    // Both shifts of the conflict are marked.
    assert_eq!(english.matches("url(#stripes)").count(), 2);
}

#[test]
fn data_is_never_markup_and_nothing_is_loaded() {
    let page = page(Language::English);
    assert!(!page.contains("<script") && !page.contains('\u{202e}'));
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;"));
    for loader in ["href=", "src=", "@import", "url(http"] {
        assert!(!page.contains(loader), "{loader}");
    }
}

#[test]
fn pictures_of_nothing_and_of_much_stay_in_bounds() {
    assert!(percentile_curve(&[("empty", &[]), ("odd", &[f64::NAN])], Language::English).ends_with("</svg>"));
    assert!(heat_map(&[[0.0; 24]; 7], Language::Turkish).contains(">Pzt<"));
    let counts = (0..1_000).map(|at| (format!("D{at}"), at)).collect();
    let picture = bars("Shifts", &counts);
    assert_eq!(picture.matches("<rect").count(), 41);
    // The last bar is the sum of all others.
    assert!(picture.contains(&format!(">{}<", (0..961).sum::<u64>())), "{picture}");
    let mut timetable = Timetable::default();
    for id in 0..20_000 {
        let (id, who) = (id.to_string(), format!("E{}", id % 100));
        let shift = Shift::new(&id, &who, "D", "2026-03-02T08:00Z", "2026-03-02T16:00Z", None).unwrap();
        timetable.add(&shift);
    }
    let page = Page::new(Language::English).timetable(&timetable).html();
    assert!(page.len() < 4_000_000 && page.contains("40 not drawn"), "{}", page.len());
}

#[test]
fn a_slip_of_a_year_leaves_the_roster_in_the_picture() {
    let mut timetable = Timetable::default();
    shifts().iter().for_each(|shift| timetable.add(shift));
    timetable.add(&Shift::new("0", "Slip", "Acil", "1926-03-02T08:00Z", "1926-03-02T16:00Z", None).unwrap());
    let picture = gantt(&timetable, Language::English);
    assert!(
        picture.contains("Can, Acil: 2026-03-03T20:00:00+03:00") && !picture.contains("Slip"),
        "{picture}"
    );
}
