//! What was found, and how it is shown.

use std::fmt::Display;
use std::io::{self, Write};

/// One thing that was examined.
#[derive(Debug)]
pub struct Finding {
    /// What was examined.
    pub subject: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub told: String,
    /// What to do, unless it is good.
    pub advice: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to do.
    Good,
    /// The service works, and somebody should look.
    Doubtful,
    /// The service does not start, or does not work.
    Bad,
}

impl Finding {
    pub(super) fn good(subject: &'static str, told: impl Display) -> Self {
        Self { subject, verdict: Verdict::Good, told: told.to_string(), advice: None }
    }

    pub(super) fn doubtful(subject: &'static str, told: impl Display, advice: impl Display) -> Self {
        Self { verdict: Verdict::Doubtful, advice: Some(advice.to_string()), ..Self::good(subject, told) }
    }

    pub(super) fn bad(subject: &'static str, told: impl Display, advice: impl Display) -> Self {
        Self { verdict: Verdict::Bad, ..Self::doubtful(subject, told, advice) }
    }
}

/// Writes one line for each finding, and one below it that says what to do.
///
/// # Errors
///
/// Those of `to`.
pub fn print(findings: &[Finding], colored: bool, to: &mut impl Write) -> io::Result<()> {
    for Finding { subject, verdict, told, advice } in findings {
        let (word, color) = match verdict {
            Verdict::Good => ("ok  ", 32),
            Verdict::Doubtful => ("look", 33),
            Verdict::Bad => ("FAIL", 31),
        };
        let word = if colored { format!("\u{1b}[{color}m{word}\u{1b}[0m") } else { word.to_owned() };
        // Some errors have several lines.
        let told = told.replace('\n', "\n                      ");
        writeln!(to, "{word}  {subject:<16}{told}")?;
        if let Some(advice) = advice {
            writeln!(to, "                      -> {advice}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(colored: bool) -> String {
        let findings = [Finding::good("clock", "ticks"), Finding::bad("disk", "full\nof it", "make room")];
        let mut text = Vec::new();
        print(&findings, colored, &mut text).expect("memory takes it");
        String::from_utf8(text).expect("text")
    }

    #[test]
    fn what_to_do_stands_below_what_was_found() {
        let expected = "ok    clock           ticks
FAIL  disk            full
                      of it
                      -> make room
";
        assert_eq!(printed(false), expected);
    }

    #[test]
    fn colors_are_for_terminals() {
        assert!(printed(true).contains("\u{1b}[31mFAIL\u{1b}[0m") && !printed(false).contains('\u{1b}'));
    }
}
