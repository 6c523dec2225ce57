use proptest::prelude::*;

use super::*;

/// A rule's life, second by second, as told: `#` holds, `.` does not, `?` cannot be seen.
fn life(script: &str, timing: &Timing) -> String {
    let (mut track, start) = (Track::default(), Now::read());
    let step = |(second, seen): (usize, char)| {
        let seen = match seen {
            '#' => Seen::Holds,
            '.' => Seen::Clear,
            _ => Seen::Nothing,
        };
        let change = track.step(seen, after(start, second as u64), timing);
        assert_eq!(change == Some(Change::Fired), change.is_some() && track.state() == State::Firing);
        match track.state() {
            State::Inactive => '-',
            State::Pending => 'p',
            State::Firing => 'F',
            State::Resolved => 'r',
            State::NoData => '?',
        }
    };
    script.chars().enumerate().map(step).collect()
}

fn after(start: Now, seconds: u64) -> Now {
    Now {
        at: start.at + Duration::from_secs(seconds),
        wall: start.wall + jiff::SignedDuration::from_secs(seconds as i64),
    }
}

fn timing(hold: u64, keep_firing: u64, window: u64) -> Timing {
    let seconds = Duration::from_secs;
    Timing {
        hold: seconds(hold),
        keep_firing: seconds(keep_firing),
        window: Some(seconds(window)),
        needed: (1, 1),
    }
}

#[test]
fn a_condition_must_hold_for_long_enough() {
    assert_eq!(life(".##.###.", &timing(2, 0, 0)), "-pp-ppFr");
    assert_eq!(life("#.#", &timing(0, 0, 0)), "FrF");
}

#[test]
fn an_alert_keeps_firing_until_it_was_clear_for_long_enough() {
    assert_eq!(life("#..#...", &timing(0, 2, 0)), "FFFFFFr");
}

#[test]
fn two_firings_are_a_window_apart() {
    assert_eq!(life("#.#######", &timing(0, 0, 5)), "FrpppFFFF");
    assert_eq!(life("#.#.#.#.#", &timing(0, 0, 0)), "FrFrFrFrF");
    // Too early, and over before the window was.
    assert_eq!(life("#.##.", &timing(0, 0, 60)), "Frpp-");
}

#[test]
fn a_condition_that_lasts_fires_again_each_window() {
    let firings = |timing: Timing| {
        let (mut track, start) = (Track::default(), Now::read());
        let step = |second: &u64| track.step(Seen::Holds, after(start, *second), &timing).is_some();
        (0..=12).filter(step).collect::<Vec<_>>()
    };
    assert_eq!(firings(timing(2, 0, 5)), [2, 7, 12]);
    assert_eq!(firings(timing(0, 0, 0)), (0..=12).collect::<Vec<_>>(), "no window, no cool-down");
    assert_eq!(firings(Timing { window: None, ..timing(2, 0, 0) }), [2], "as in Prometheus");
}

#[test]
fn a_gap_neither_fires_nor_resolves() {
    assert_eq!(life("#??#.", &timing(0, 0, 0)), "FFFFr");
    assert_eq!(life("##?###", &timing(2, 0, 0)), "pp?ppF");
    assert_eq!(life("?.?", &timing(0, 0, 0)), "?-?");
}

#[test]
fn so_many_of_so_many_evaluations_must_hold() {
    let timing = |times, of| Timing { needed: (times, of), ..timing(0, 0, 0) };
    assert_eq!(life("#.#.##....", &timing(3, 5)), "----FFFr--".replace("r--", "rrr"));
    assert_eq!(life("##.##", &timing(2, 2)), "-Fr-F".replace("r-", "rr"));
    // A gap is no hold, but it takes no alert back: the two that hold still count behind it.
    assert_eq!(life("#?#.", &timing(2, 2)), "-?--");
    assert_eq!(life("##??#.", &timing(2, 2)), "-FFFFr");
}

#[test]
fn what_held_of_late_is_not_forgotten() {
    let (mut track, start) = (Track::default(), Now::read());
    let timing = Timing { needed: (2, 3), ..timing(0, 0, 0) };
    let over = [Seen::Holds, Seen::Clear, Seen::Nothing, Seen::Clear].map(|seen| {
        track.step(seen, start, &timing);
        track.is_over(start, &timing)
    });
    assert_eq!(over, [false, false, false, true]);
}

#[test]
fn a_cool_down_does_not_forget_whole_days() {
    let (hour, start) = (3600, Now::read());
    let timing = timing(0, 0, 2 * hour);
    let mut track = Track::default();
    assert_eq!(track.step(Seen::Holds, start, &timing), Some(Change::Fired));
    assert_eq!(track.step(Seen::Clear, after(start, 60), &timing), Some(Change::Resolved));
    // 25 hours are more than two, though the seconds behind the whole days are only one hour.
    assert_eq!(track.step(Seen::Holds, after(start, 25 * hour), &timing), Some(Change::Fired));
}

#[test]
fn a_clock_that_goes_back_changes_nothing() {
    let (mut track, start) = (Track::default(), Now::read());
    let timing = timing(10, 0, 0);
    track.step(Seen::Holds, after(start, 100), &timing);
    assert_eq!(track.step(Seen::Holds, start, &timing), None);
    let set_back = Now { at: start.at + Duration::from_secs(110), wall: start.wall };
    assert_eq!(track.step(Seen::Holds, set_back, &timing), Some(Change::Fired));
}

#[test]
fn what_is_forgotten_was_over_and_cool() {
    let (mut track, start) = (Track::default(), Now::read());
    let timing = timing(0, 0, 3600);
    track.step(Seen::Holds, start, &timing);
    assert!(!track.is_over(start, &timing));
    track.step(Seen::Clear, after(start, 10), &timing);
    assert!(!track.is_over(after(start, 1800), &timing), "still cooling down");
    assert!(track.is_over(after(start, 3600), &timing));
    assert_eq!(track.step(Seen::Clear, after(start, 1800), &timing), None);
    assert_eq!(track.state(), State::Inactive);
}

/// The same, told from the whole history instead of a memory.
#[derive(Default)]
struct Reference {
    /// Whether the condition held, in the evaluations that count.
    raw: Vec<bool>,
    seen: Vec<(u64, Seen)>,
    fired: Vec<u64>,
    firing: bool,
}

impl Reference {
    fn step(&mut self, at: u64, raw: Seen, timing: &Timing) -> Option<Change> {
        if !(self.firing && raw == Seen::Nothing) {
            self.raw.push(raw == Seen::Holds);
        }
        let (times, of) = timing.needed;
        let holds = self.raw.iter().rev().take(of as usize).filter(|held| **held).count();
        let seen = match raw {
            Seen::Nothing => Seen::Nothing,
            _ if holds >= times as usize => Seen::Holds,
            _ => Seen::Clear,
        };
        self.seen.push((at, seen));
        let run = |wanted: &dyn Fn(Seen) -> bool| {
            let run = self.seen.iter().rev().take_while(|(_, seen)| wanted(*seen));
            run.last().map(|(first, _)| at - first)
        };
        if self.firing {
            // A gap does not end the time for which the condition has been clear, nor does it begin it.
            let since =
                self.seen.iter().rposition(|(_, seen)| *seen == Seen::Holds).map_or(0, |last| last + 1);
            let clear =
                self.seen[since..].iter().find(|(_, seen)| *seen == Seen::Clear).map(|(first, _)| at - first);
            self.firing =
                seen != Seen::Clear || clear.is_none_or(|clear| clear < timing.keep_firing.as_secs());
            if self.firing && seen == Seen::Holds && self.is_cool(at, timing) {
                self.fired.push(at);
                return Some(Change::Fired);
            }
            return (!self.firing).then_some(Change::Resolved);
        }
        // The time in which the alert fired does not count towards the next `for`.
        let held = run(&|seen| seen == Seen::Holds)?;
        self.firing = held >= timing.hold.as_secs() && self.is_cool(at, timing);
        self.firing.then(|| self.fired.push(at))?;
        Some(Change::Fired)
    }

    fn is_cool(&self, at: u64, timing: &Timing) -> bool {
        let window = timing.window.unwrap().as_secs();
        self.fired.last().is_none_or(|last| at - last >= window)
    }
}

proptest! {
    #[test]
    fn the_machine_agrees_with_its_history(
        steps in prop::collection::vec((0..40_u64, 0..5_u8), 1..60),
        (hold, keep, window) in (0..60_u64, 0..60_u64, 0..200_u64),
        (times, more) in (1..5_u32, 0..4_u32),
    ) {
        let timing = Timing { needed: (times, times + more), ..timing(hold, keep, window) };
        let (mut track, mut reference, start, mut at) = (Track::default(), Reference::default(), Now::read(), 0);
        let mut firings = Vec::new();
        for (pause, seen) in steps {
            at += pause;
            let seen = match seen {
                0 | 1 => Seen::Holds,
                2 | 3 => Seen::Clear,
                _ => Seen::Nothing,
            };
            let change = track.step(seen, after(start, at), &timing);
            prop_assert_eq!(change, reference.step(at, seen, &timing));
            prop_assert_eq!(track.state() == State::Firing, reference.firing);
            if change == Some(Change::Fired) {
                firings.push(at);
            }
        }
        prop_assert!(firings.windows(2).all(|pair| pair[1] - pair[0] >= window));
    }
}
