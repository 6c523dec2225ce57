//! How a roster is written, beyond its format.

use clap::{Args, ValueEnum};
use ms_analytics::read::{Ambiguous, Delimiter, LocalTimes};

#[derive(Debug, Args)]
pub struct Dialect {
    /// What separates the columns of CSV: , ; | or tab.
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = delimiter)]
    pub delimiter: Delimiter,
    /// What stands before decimals in CSV: . or ,
    #[arg(long, value_name = "CHARACTER", default_value = ".", value_parser = decimal)]
    pub decimal: char,
    /// Read times without an offset by the clocks of this place; without it they are refused.
    #[arg(long, value_name = "ZONE", value_parser = LocalTimes::in_time_zone)]
    local_times: Option<LocalTimes>,
    /// Which local time is meant where clocks showed it twice.
    #[arg(long, value_enum, default_value_t = Policy::Refuse, requires = "local_times")]
    ambiguous: Policy,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Policy {
    Refuse,
    Earlier,
    Later,
}

impl Dialect {
    pub fn local_times(&self) -> Option<LocalTimes> {
        let policy = match self.ambiguous {
            Policy::Refuse => Ambiguous::Refuse,
            Policy::Earlier => Ambiguous::Earlier,
            Policy::Later => Ambiguous::Later,
        };
        self.local_times.clone().map(|local_times| local_times.ambiguous(policy))
    }
}

fn delimiter(text: &str) -> Result<Delimiter, &'static str> {
    match text {
        "," => Ok(Delimiter::Comma),
        ";" => Ok(Delimiter::Semicolon),
        "|" => Ok(Delimiter::Bar),
        "tab" | "\t" | "\\t" => Ok(Delimiter::Tab),
        _ => Err("one of , ; | tab"),
    }
}

fn decimal(text: &str) -> Result<char, &'static str> {
    match text {
        "." => Ok('.'),
        "," => Ok(','),
        _ => Err("either . or ,"),
    }
}
