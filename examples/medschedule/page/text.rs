//! Text and figures as the page shows them. Everything that is not ours is escaped.

use std::fmt::{self, Display, Formatter};

/// Text that cannot leave its place in the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(position) = rest.find(['&', '<', '>', '"', '\'']) {
            let (before, after) = rest.split_at(position);
            f.write_str(before)?;
            let mut characters = after.chars();
            f.write_str(match characters.next() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                _ => "&#39;",
            })?;
            rest = characters.as_str();
        }
        f.write_str(rest)
    }
}

/// A timestamp to the minute, as its roster wrote it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time<'a>(pub(super) &'a str);

impl Display for Time<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let minute = self.0.get(..16).unwrap_or(self.0).replace('T', " ");
        let zone = if self.0.ends_with('Z') { " UTC" } else { "" };
        write!(f, "<time datetime=\"{}\">{}{zone}</time>", Escaped(self.0), Escaped(&minute))
    }
}

/// A value, or a dash where there is none.
pub(super) struct Optional<T>(pub(super) Option<T>);

impl<T: Display> Display for Optional<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("–"),
        }
    }
}

/// Seconds, shown so that microseconds and minutes both can be read.
pub(super) struct Milliseconds(pub(super) f64);

impl Display for Milliseconds {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0 * 1e3;
        let decimals = if milliseconds < 10.0 { 2 } else { 0 };
        write!(f, "{milliseconds:.decimals$} ms")
    }
}

/// A number of any size, to two or three digits.
pub(super) struct Short(pub(super) f64);

impl Display for Short {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            0.0 => f.write_str("0"),
            small if small < 10.0 => write!(f, "{small:.2}"),
            middle if middle < 100.0 => write!(f, "{middle:.1}"),
            large => write!(f, "{large:.0}"),
        }
    }
}

/// Bytes in the unit that leaves few digits.
pub(super) struct Bytes(pub(super) f64);

impl Display for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (mut value, mut unit) = (self.0, "B");
        for larger in ["KiB", "MiB", "GiB", "TiB"] {
            if value < 1024.0 {
                break;
            }
            (value, unit) = (value / 1024.0, larger);
        }
        write!(f, "{} {unit}", Short(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_few_digits_and_a_unit() {
        assert_eq!(Milliseconds(0.000_123_4).to_string(), "0.12 ms");
        assert_eq!(Milliseconds(1.5).to_string(), "1500 ms");
        assert_eq!(
            [0.0, 0.126, 12.34, 1234.5].map(|value| Short(value).to_string()),
            ["0", "0.13", "12.3", "1234"]
        );
        assert_eq!(Bytes(512.0).to_string(), "512 B");
        assert_eq!(Bytes(20.0 * 1024.0 * 1024.0).to_string(), "20.0 MiB");
        assert_eq!(Optional::<f64>(None).to_string(), "–");
    }
}
