//! `printf`, with Go's formatting.

use super::functions::LONGEST;
use super::value::{Failed, Value};
use crate::format;

/// Wider than this is nobody's, in characters; Rust itself pads to no more than twice as many.
const WIDEST: usize = 32 * 1024;

/// The flags, width and precision of a verb.
#[derive(Debug, Default, Clone, Copy)]
struct Spec {
    plus: bool,
    space: bool,
    left: bool,
    zeros: bool,
    width: usize,
    precision: Option<usize>,
}

pub(super) fn printf(text: &str, values: &[Value<'_>]) -> Result<String, Failed> {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    let mut values = values.iter();
    while let Some(character) = rest.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        let spec = Spec::read(&mut rest, &mut values)?;
        match rest.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match values.next() {
                // A plus asks for the fields of a struct here, not for a sign.
                Some(value) if verb == 'v' => {
                    out.push_str(&shown(verb, value, Spec { plus: false, ..spec })?)
                }
                Some(value) => out.push_str(&shown(verb, value, spec)?),
                None => out.push_str(&format!("%!{verb}(MISSING)")),
            },
        }
        if out.len() > LONGEST {
            return Err(format!("the text is longer than {LONGEST} bytes"));
        }
    }
    let extra = values.map(|value| Ok(format!("{}={}", value.kind(), value.plain()?)));
    let extra = extra.collect::<Result<Vec<_>, Failed>>()?;
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    Ok(out)
}

impl Spec {
    fn read<'v, 's: 'v>(
        rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
        values: &mut impl Iterator<Item = &'v Value<'s>>,
    ) -> Result<Self, Failed> {
        let mut spec = Self::default();
        while let Some(flag) = rest.next_if(|c| "+- 0#[".contains(*c)) {
            match flag {
                '+' => spec.plus = true,
                '-' => spec.left = true,
                ' ' => spec.space = true,
                '0' => spec.zeros = true,
                other => return Err(format!("`{other}` in a format is not supported")),
            }
        }
        if let Some(width) = count(rest, values)? {
            spec.left |= width < 0;
            spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
        }
        // Zeros stand before a number only.
        spec.zeros &= !spec.left;
        if rest.next_if_eq(&'.').is_some() {
            spec.precision = Some(usize::try_from(count(rest, values)?.unwrap_or(0)).unwrap_or(0));
        }
        if spec.width > WIDEST || spec.precision.is_some_and(|precision| precision > WIDEST) {
            return Err("a width or precision that is too large".to_owned());
        }
        Ok(spec)
    }

    /// Fills a text up to the width; a sign stays before the zeros.
    fn pad(self, text: &str, zeros: bool) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        if self.left {
            return format!("{text}{}", " ".repeat(missing));
        }
        if !zeros {
            return format!("{}{text}", " ".repeat(missing));
        }
        let (sign, digits) = text.split_at(usize::from(text.starts_with(['+', '-', ' '])));
        format!("{sign}{}{digits}", "0".repeat(missing))
    }

    /// A number, whose minus is its own.
    fn signed(self, number: &str) -> String {
        match () {
            () if number.starts_with(['+', '-']) => number.to_owned(),
            () if self.plus => format!("+{number}"),
            () if self.space => format!(" {number}"),
            () => number.to_owned(),
        }
    }
}

/// A width or precision: digits, or a `*` that takes it of the values.
fn count<'v, 's: 'v>(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    values: &mut impl Iterator<Item = &'v Value<'s>>,
) -> Result<Option<i64>, Failed> {
    if rest.next_if_eq(&'*').is_some() {
        return match values.next() {
            Some(Value::Integer(number)) => Ok(Some(*number)),
            _ => Err("expected a whole number for `*`".to_owned()),
        };
    }
    let mut digits = String::new();
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    match digits.as_str() {
        "" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| "a width or precision that is too large".to_owned()),
    }
}

fn shown(verb: char, value: &Value<'_>, spec: Spec) -> Result<String, Failed> {
    if verb == 'T' {
        return Ok(spec.pad(value.kind(), false));
    }
    let known = match value {
        Value::Number(number) => float(verb, *number, spec),
        Value::Integer(number) => integer(verb, *number, spec),
        Value::Text(text) => words(verb, text, spec),
        Value::Truth(truth) => matches!(verb, 't' | 'v').then(|| spec.pad(&truth.to_string(), false)),
        Value::Nothing if verb == 'v' => Some(spec.pad("<nil>", false)),
        Value::Nothing => return Ok(format!("%!{verb}(<nil>)")),
        other if matches!(verb, 's' | 'v') => Some(spec.pad(&other.plain()?, false)),
        other => return Err(format!("%{verb} of {} is not supported", other.kind())),
    };
    match (known, verb) {
        (Some(text), _) => Ok(text),
        (None, 'b' | 'x' | 'X' | 'p') => Err(format!("%{verb} of {} is not supported", value.kind())),
        (None, _) => Ok(format!("%!{verb}({}={})", value.kind(), shown('v', value, spec)?)),
    }
}

fn float(verb: char, number: f64, spec: Spec) -> Option<String> {
    let decimals = spec.precision.unwrap_or(6);
    let digits = match (verb, spec.precision) {
        ('f' | 'F', _) => format::decimals(number, decimals),
        ('e', _) => format::exponent_of(number, decimals),
        ('E', _) => format::exponent_of(number, decimals).replace('e', "E"),
        ('g' | 'G' | 'v', None) => format::plain(number),
        ('g' | 'G' | 'v', Some(precision)) => format::digits(number, precision),
        _ => return None,
    };
    let digits = if verb == 'G' { digits.replace('e', "E") } else { digits };
    // As in Go, a plus is only left out of the infinite ones for a space.
    let digits = match digits.strip_prefix('+') {
        Some(infinite) if spec.space && !spec.plus => format!(" {infinite}"),
        _ => spec.signed(&digits),
    };
    Some(spec.pad(&digits, spec.zeros && number.is_finite()))
}

fn integer(verb: char, number: i64, spec: Spec) -> Option<String> {
    let size = number.unsigned_abs();
    let sign = if number < 0 { "-" } else { "" };
    let digits = match verb {
        'd' | 'v' => size.to_string(),
        'x' => format!("{size:x}"),
        'X' => format!("{size:X}"),
        'o' => format!("{size:o}"),
        'b' => format!("{size:b}"),
        'c' => return Some(spec.pad(&character(number).to_string(), spec.zeros)),
        'q' => return Some(spec.pad(&quoted(&character(number).to_string(), '\''), spec.zeros)),
        'U' => return Some(spec.pad(&format!("U+{size:04X}"), false)),
        _ => return None,
    };
    let precision = spec.precision.unwrap_or(0);
    // Nothing is written of a zero without digits.
    let digits = if size == 0 && spec.precision == Some(0) { String::new() } else { digits };
    let signed = spec.signed(&format!("{sign}{digits:0>precision$}"));
    Some(spec.pad(&signed, spec.zeros && spec.precision.is_none()))
}

fn character(number: i64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn words(verb: char, text: &str, spec: Spec) -> Option<String> {
    let cut: String = text.chars().take(spec.precision.unwrap_or(usize::MAX)).collect();
    let hex = |digits: fn(u8) -> String| {
        let bytes = text.bytes().take(spec.precision.unwrap_or(usize::MAX));
        bytes.map(digits).collect::<Vec<_>>().join(if spec.space { " " } else { "" })
    };
    let written = match verb {
        's' | 'v' => cut,
        'q' => quoted(&cut, '"'),
        'x' => hex(|byte| format!("{byte:02x}")),
        'X' => hex(|byte| format!("{byte:02X}")),
        _ => return None,
    };
    let missing = spec.width.saturating_sub(written.chars().count());
    // Go puts zeros before a text too, whatever it begins with.
    Some(if spec.zeros { format!("{}{written}", "0".repeat(missing)) } else { spec.pad(&written, false) })
}

/// As Go's `strconv.Quote`.
pub(crate) fn quoted(text: &str, quote: char) -> String {
    let mut out = String::from(quote);
    for character in text.chars() {
        match character {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if is_printed(c) => out.push(c),
            c if u32::from(c) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push(quote);
    out
}

fn is_printed(c: char) -> bool {
    // Behind a letter, for Rust writes a lone mark as an escape.
    c == ' ' || !format!("{:?}", format!("a{c}")).contains("\\u{")
}
