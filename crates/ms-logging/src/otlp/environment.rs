//! The environment variables of OpenTelemetry, as its specification has them.

use std::time::Duration;

use crate::notice::notice;

/// Where variables come from; a test has some of its own.
pub(super) struct Environment<'a>(pub(super) &'a dyn Fn(&str) -> Option<String>);

impl Environment<'_> {
    /// An empty variable is an unset one.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.0)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The first of the variables that is set, and its name: the one for a signal goes before the one for all signals.
    pub(super) fn first(&self, names: [&'static str; 2]) -> Option<(&'static str, String)> {
        names.into_iter().find_map(|name| Some((name, self.text(name)?)))
    }

    /// Milliseconds. What is no number is warned of and left out, as the specification asks.
    pub(super) fn duration(&self, names: &[&'static str]) -> Option<Duration> {
        let (name, text) = names.iter().find_map(|name| Some((*name, self.text(name)?)))?;
        let milliseconds = text.parse().ok().filter(|number| *number > 0);
        if milliseconds.is_none() {
            notice(format_args!("{name} is not a number of milliseconds; the default is used"));
        }
        milliseconds.map(Duration::from_millis)
    }
}

/// `name=value,name=value`, percent-encoded. One bad pair spoils all of them.
pub(crate) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let name = decoded(name.trim())?;
            (!name.is_empty()).then_some(())?;
            Some((name, decoded(value.trim())?))
        })
        .collect()
}

/// Undoes percent-encoding; nothing if the result is not UTF-8 or an escape is not one.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2)?;
        digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_percent_decoded_and_one_bad_one_spoils_all() {
        let owned = |pairs: &[(&str, &str)]| {
            Some(pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect::<Vec<_>>())
        };
        assert_eq!(pairs("a=1, b = x%2C%20y ,"), owned(&[("a", "1"), ("b", "x, y")]));
        assert_eq!(pairs("authorization=Basic%20QQ=="), owned(&[("authorization", "Basic QQ==")]));
        assert_eq!(pairs("stadt=%C4%B0zmir,leer="), owned(&[("stadt", "İzmir"), ("leer", "")]));
        assert_eq!(pairs(""), owned(&[]));
        for wrong in ["a", "=1", "a=%", "a=%4", "a=%+1", "a=%zz", "a=%ff", "a=1,b"] {
            assert_eq!(pairs(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn empty_variables_are_unset_and_numbers_must_be_numbers() {
        let variables = |name: &str| match name {
            "EMPTY" => Some("  ".to_owned()),
            "NUMBER" => Some(" 250 ".to_owned()),
            "WRONG" => Some("1s".to_owned()),
            "ZERO" => Some("0".to_owned()),
            _ => None,
        };
        let environment = Environment(&variables);
        assert_eq!(environment.text("EMPTY"), None);
        assert_eq!(environment.first(["EMPTY", "NUMBER"]), Some(("NUMBER", "250".to_owned())));
        assert_eq!(environment.duration(&["EMPTY", "NUMBER"]), Some(Duration::from_millis(250)));
        for wrong in ["WRONG", "ZERO", "UNSET"] {
            assert_eq!(environment.duration(&[wrong]), None);
        }
    }
}
