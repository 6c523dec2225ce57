//! One line on a terminal that says how far a run is.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use super::report::Milliseconds;
use super::tally::Tally;

/// Gives what is told each second, and an empty last line: nothing at all where standard error is no terminal.
pub(super) fn line(whole: Duration) -> impl FnMut(Duration, Option<&Tally>) {
    let is_terminal = io::stderr().is_terminal();
    move |elapsed, second| {
        if !is_terminal {
            return;
        }
        let text = second.map(|second| told(elapsed.min(whole), whole, second)).unwrap_or_default();
        // Whether anybody reads along is not what the load depends on.
        let _ = write!(io::stderr(), "\r\x1b[K{text}").and_then(|()| io::stderr().flush());
    }
}

fn told(elapsed: Duration, whole: Duration, second: &Tally) -> String {
    let place = format!("{:.0} of {:.0} s", elapsed.as_secs_f64(), whole.as_secs_f64());
    match second.total() {
        None => format!("{place}: no answer"),
        Some(total) => {
            let slowest = Milliseconds(total.latencies.value_at_percentile(99.0));
            format!("{place}: {} answers, {} failed, 99 % within {slowest}", total.answered(), total.failed())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::tally::Outcome;
    use super::*;

    #[test]
    fn a_line_tells_of_the_last_second() {
        let (mut second, whole) = (Tally::new(), Duration::from_secs(60));
        assert_eq!(told(Duration::from_secs(3), whole, &second), "3 of 60 s: no answer");
        for outcome in [Outcome::Answered(200), Outcome::Answered(503), Outcome::Broken] {
            second.record(Kind::List, outcome, Duration::from_millis(2), Duration::from_millis(1));
        }
        let line = told(Duration::from_secs(4), whole, &second);
        assert_eq!(line, "4 of 60 s: 2 answers, 2 failed, 99 % within 2.00 ms");
    }
}
