//! Other rules ask for other series.

use super::{Asked, History, Metric, Room, Span};

impl History {
    /// Lets other rules ask: what nobody asks for any more is forgotten, what is asked for still stays.
    pub(crate) fn ask_anew(&mut self, asked: Asked) {
        self.asked = asked;
        let Self { asked, metrics, written, room, .. } = self;
        metrics.retain(|name, metric| {
            asked.span(name).is_some_and(|span| metric.reach(span)) || metric.leave(room)
        });
        written.retain(|name, metric| {
            let mut span = asked.span(name).unwrap_or_default();
            span.back = span.back.max(metric.span.back);
            (asked.reads(name) && metric.reach(span)) || metric.leave(room)
        });
    }
}

impl Metric {
    /// Sets how far back it is looked at. What is missing is so for longer then.
    fn reach(&mut self, span: Span) -> bool {
        let more = span.back.saturating_sub(self.span.back).max(0);
        self.incomplete_until = self.incomplete_until.map(|until| until.saturating_add(more));
        self.span = span;
        true
    }

    fn leave(&mut self, room: &mut Room) -> bool {
        for series in self.series.iter() {
            room.give_back(series);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::Reach;
    use crate::samples::{Limits, parse_exposition};
    use crate::state::Now;

    #[test]
    fn what_nobody_asks_for_any_more_gives_its_room_back() {
        let asked = |names: &[&str]| {
            let mut asked = Asked::default();
            names.iter().for_each(|name| asked.ask(Some(name), Reach::Back(60_000)));
            asked
        };
        let mut history = History::new(asked(&["a", "b", "w"]), Limits::default());
        history.record(&parse_exposition("a 1\na{x=\"y\"} 1\nb 1\n").unwrap(), Now::read());
        history.write(&[("__name__", "w")].into_iter().collect(), 0, Some(1.0));
        let bytes = history.room.bytes;
        assert_eq!(history.room.series, 4);
        history.ask_anew(asked(&["b"]));
        assert_eq!((history.room.series, history.room.bytes < bytes), (1, true));
        assert_eq!(history.series(Some("a")).unwrap().count(), 0);
        assert_eq!(history.series(Some("b")).unwrap().count(), 1);
        history.ask_anew(Asked::default());
        assert_eq!((history.room.series, history.room.bytes), (0, 0));
    }

    #[test]
    fn what_is_missing_is_missing_for_as_long_as_it_is_looked_back_at_now() {
        let mut asked = Asked::default();
        asked.ask(Some("a"), Reach::Back(1_000));
        let mut history = History::new(asked, Limits { series: 0, bytes: 1_000 });
        let start = Now::read();
        let record = |history: &mut History, second: u64| {
            let at = start.at + std::time::Duration::from_secs(second);
            history.record(
                &parse_exposition(if second == 0 { "a 1\n" } else { "" }).unwrap(),
                Now { at, ..start },
            );
        };
        record(&mut history, 0);
        let mut asked = Asked::default();
        asked.ask(Some("a"), Reach::Back(5_000));
        history.ask_anew(asked);
        record(&mut history, 4);
        assert!(history.series(Some("a")).is_err());
        record(&mut history, 6);
        assert!(history.series(Some("a")).is_ok());
    }
}
