//! Numbers as version 3 may write them: `1_000_000`.

use super::tokens::tokens;

/// A text without the underscores between digits, which the parser does not know, and where they were.
pub(super) struct Plain {
    pub(super) text: String,
    /// In bytes of the text as it was.
    taken: Vec<usize>,
}

impl Plain {
    pub(super) fn of(text: &str) -> Self {
        let mut taken = Vec::new();
        // Where the number begins that the next token may go on with, and where it ends so far.
        let mut number: Option<(usize, usize)> = None;
        for token in tokens(text).map(Some).chain([None]) {
            let (at, word) = token.map_or((usize::MAX, ""), |token| (token.at, token.text));
            let goes_on = word.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
            if let Some((start, end)) = number {
                if end == at && goes_on {
                    number = Some((start, end + word.len()));
                    continue;
                }
                taken.extend(underscores(text, start, end));
                number = None;
            }
            if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
                number = Some((at, at + word.len()));
            }
        }
        let kept = text.char_indices().filter(|(at, _)| taken.binary_search(at).is_err());
        Self { text: kept.map(|(_, character)| character).collect(), taken }
    }

    /// Where a byte was before.
    pub(super) fn original(&self, at: usize) -> usize {
        self.taken.iter().fold(at, |at, taken| at + usize::from(*taken <= at))
    }
}

/// Those of a number; none where one is not between digits, or where it is a duration.
fn underscores(text: &str, start: usize, end: usize) -> Vec<usize> {
    let number = text.get(start..end).unwrap_or_default();
    let is_hexadecimal = number.starts_with("0x") || number.starts_with("0X");
    let digits = number.get(if is_hexadecimal { 2 } else { 0 }..).unwrap_or_default();
    let is_digit = |c: char| {
        if is_hexadecimal {
            c.is_ascii_hexdigit()
        } else {
            c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E')
        }
    };
    if !digits.chars().all(|c| c == '_' || is_digit(c)) {
        return Vec::new();
    }
    let bytes = number.as_bytes();
    let places = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_').map(|(place, _)| place);
    let stands_well = |place: usize| {
        let next = bytes.get(place + 1).copied().unwrap_or(b'_');
        let before = place.checked_sub(1).and_then(|before| bytes.get(before)).copied().unwrap_or(b'_');
        let base = if is_hexadecimal { 16 } else { 10 };
        char::from(next).is_digit(base) && (char::from(before).is_digit(base) || is_hexadecimal && place == 2)
    };
    let places: Vec<usize> = places.collect();
    if places.iter().all(|place| stands_well(*place)) {
        places.into_iter().map(|place| start + place).collect()
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Compat, Query};
    use super::Plain;

    #[test]
    fn underscores_between_digits_are_left_out() {
        for (text, plain) in [
            ("m > 1_000_000", "m > 1000000"),
            ("0x_1F_F + .1_2", "0x1FF + .12"),
            ("1_2.3_4e5_6 - m_1{a=\"1_0\"}", "12.34e56 - m_1{a=\"1_0\"}"),
            ("1_0e-1_0", "10e-10"),
            ("rate(m_1[3_00])", "rate(m_1[300])"),
            ("1__0 + 1_ + 1_.5 + _1 + 1_0m + 1e_5", "1__0 + 1_ + 1_.5 + _1 + 1_0m + 1e_5"),
        ] {
            assert_eq!(Plain::of(text).text, plain, "{text}");
        }
    }

    #[test]
    fn only_version_3_reads_them_and_errors_are_where_they_were() {
        assert!(Query::parse("m > 1_000", Compat::V3).is_ok());
        assert!(Query::parse("m > 1_000", Compat::V2_42).is_err());
        let refused = Query::parse("1_000 < ü_1 + 1_0 + info(m)", Compat::V3).err();
        assert!(refused.is_some());
        let refused = Query::parse("1_000 < m + 1_0 * info(m)", Compat::V3).err();
        assert_eq!(refused.map(|refused| refused.at), Some(18));
        assert!(Query::parse("m[9_999_999_999_999_999_999_999]", Compat::V3).is_err());
    }
}
