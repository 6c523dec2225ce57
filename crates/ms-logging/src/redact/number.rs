//! Runs and groups of digits: identity, telephone, card and account numbers.

use super::candidate::Candidate;
use super::rules::{Found, before};
use super::view::SOFT_SPACE;
use super::{Kind, iban};

/// A telephone number without its zero.
const FEWEST_DIGITS: usize = 10;
/// A card.
const MOST_DIGITS: usize = 19;
/// No number of anybody has more groups.
const MOST_GROUPS: usize = 9;
/// So many are looked at together. A number may begin in each of the first half.
const WINDOW: usize = 2 * MOST_GROUPS;
/// Brackets and spaces between two groups.
const LONGEST_SEPARATOR: usize = 4;

/// Digits between separators.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Group {
    pub(super) start: usize,
    pub(super) end: usize,
    /// What joins it to the digits before it; 0 for nothing.
    pub(super) separator: u8,
}

/// Looks at the digits that begin at `at`; gives the end of what it looked at.
pub(crate) fn at(text: &str, at: usize, found: &mut Found<'_>) -> usize {
    let mut window = [Group::default(); WINDOW];
    let (groups, end) = groups(text, at, &mut window);
    let full = groups.len() == WINDOW;
    let mut first = 0;
    while let Some(group) = groups.get(first) {
        // A number that begins here may go on behind the window.
        if full && first >= MOST_GROUPS {
            return found.end_or(group.start);
        }
        let Some(mut last) = longest(text, groups, first, found) else {
            first += 1;
            continue;
        };
        // `2707 5453 4805 0945 5015`: two cards by their digits, and nobody can tell which one it is.
        while first < last {
            first += 1;
            last = longest(text, groups, first, found).map_or(last, |other| other.max(last));
        }
        first += 1;
    }
    // An account number may go on in letters.
    found.end_or(end)
}

/// An account number of some countries has letters among its digits.
fn follows_country(bytes: &[u8], at: usize) -> bool {
    let two = at.checked_sub(2).and_then(|start| bytes.get(start..at));
    two.is_some_and(|two| two.iter().all(u8::is_ascii_alphabetic) && iban::is_country(two))
}

/// Behind the digits that begin at `at`.
#[inline]
pub(super) fn behind(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while bytes.get(end).is_some_and(u8::is_ascii_digit) {
        end += 1;
    }
    end
}

/// Whether the digits from `at` to `end` are too few and joined to no others: a look before [`end_of_few`], which tells all.
#[inline]
pub(super) fn is_nothing(bytes: &[u8], at: usize, end: usize) -> bool {
    let joined = match bytes.get(end..) {
        Some([sign, next, ..]) => is_separator(*sign) && (next.is_ascii_digit() || is_separator(*next)),
        _ => false,
    };
    let two = at.checked_sub(2).and_then(|start| bytes.get(start..at));
    end - at < FEWEST_DIGITS && !joined && !two.is_some_and(|two| two.iter().all(u8::is_ascii_alphabetic))
}

/// The end of the groups that begin at `at`, if all their digits are too few for any number, as nearly all of a log are.
pub(super) fn end_of_few(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut end, mut digits) = (at, 0);
    loop {
        let start = end;
        end = behind(bytes, start);
        digits += end - start;
        if digits >= FEWEST_DIGITS {
            return None;
        }
        let joined = match bytes.get(end..) {
            // Each of them alone joins two groups.
            Some([sign, b'0'..=b'9', ..]) if is_separator(*sign) => Some(1),
            Some(rest @ [sign, next, ..]) if is_separator(*sign) && is_separator(*next) => {
                separator_of(rest).map(|(_, length)| length)
            }
            _ => None,
        };
        let Some(length) = joined else { break };
        end += length;
    }
    (!follows_country(bytes, at)).then_some(end)
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | SOFT_SPACE | b'(' | b')' | b'-' | b'.' | b'/' | b'+' | b'_')
}

/// The groups that begin at `at`, and the end of the last one with what joins it to one more.
fn groups<'w>(text: &str, at: usize, window: &'w mut [Group; WINDOW]) -> (&'w [Group], usize) {
    let bytes = text.as_bytes();
    let (mut start, mut separator) = (at, separator_before(text, at));
    let mut count = 0;
    for group in window.iter_mut() {
        let rest = bytes.get(start..).unwrap_or_default();
        let run = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *group = Group { start, end: start + run, separator };
        (count, start) = (count + 1, start + run);
        let Some((sign, length)) = separator_of(rest.get(run..).unwrap_or_default()) else { break };
        (separator, start) = (sign, start + length);
    }
    (window.get(..count).unwrap_or_default(), start)
}

/// The sign that joins the group at `at` to one before it.
fn separator_before(text: &str, at: usize) -> u8 {
    let sign = before(text, at).filter(|sign| matches!(sign, b'-' | b'.' | b'_'));
    let joined = at > 0 && before(text, at - 1).is_some_and(|byte| byte.is_ascii_digit());
    sign.filter(|_| joined).unwrap_or_default()
}

/// What may stand between two groups of one number, and its length: a sign, some spaces, brackets among spaces and dashes.
fn separator_of(rest: &[u8]) -> Option<(u8, usize)> {
    // What follows most numbers joins them to nothing.
    if !matches!(rest, [sign, _, ..] if is_separator(*sign)) {
        return None;
    }
    let (mut length, mut spaces, mut pluses, mut brackets, mut sign) = (0, 0, 0, 0, 0);
    for &byte in rest.iter().take(LONGEST_SEPARATOR + 1) {
        match byte {
            b' ' | SOFT_SPACE => spaces += 1,
            // Forms write a space so.
            b'+' => pluses += 1,
            b'(' | b')' => brackets += 1,
            b'-' | b'.' | b'/' | b'_' if sign == 0 => sign = byte,
            b'0'..=b'9' => break,
            _ => return None,
        }
        length += 1;
    }
    let ends_in_digit = rest.get(length).is_some_and(u8::is_ascii_digit);
    if length == 0 || length > LONGEST_SEPARATOR || !ends_in_digit {
        return None;
    }
    match (brackets, sign, spaces, pluses) {
        (0, 0, 0, 1..=2) => Some((b'+', length)),
        (0, 0, _, 0) => Some((b' ', length)),
        (0, sign, 0, 0) => Some((sign, length)),
        // ` - ` joins the parts of no number but a telephone's.
        (0, b'-', 2, 0) => Some((b'~', length)),
        (1..=2, 0 | b'-', _, 0) | (1..=2, 0, 0, _) => Some((b'(', length)),
        _ => None,
    }
}

/// Tries the longest number that begins with group `first`; gives its last group.
fn longest(text: &str, groups: &[Group], first: usize, found: &mut Found<'_>) -> Option<usize> {
    let begin = groups.get(first)?;
    if let Some((start, end)) = iban::find(text, begin.start) {
        found.add(Kind::Iban, start, end);
        return Some(groups.iter().rposition(|group| group.start < end).unwrap_or(first));
    }
    let mut digits = [0; MOST_DIGITS];
    let mut sizes = [0; MOST_GROUPS];
    let (mut count, mut best) = (0, None);
    for (index, group) in groups.iter().enumerate().skip(first).take(MOST_GROUPS) {
        let run = text.as_bytes().get(group.start..group.end)?;
        let Some(room) = digits.get_mut(count..count + run.len()) else { break };
        room.iter_mut().zip(run).for_each(|(digit, byte)| *digit = byte - b'0');
        count += run.len();
        *sizes.get_mut(index - first)? = run.len();
        if count < FEWEST_DIGITS {
            continue;
        }
        let candidate = Candidate {
            text,
            groups,
            first,
            last: index,
            digits: digits.get(..count)?,
            sizes: sizes.get(..=index - first)?,
        };
        if let Some(kind) = candidate.kind() {
            best = Some((kind, candidate.place(), index));
        }
    }
    let (kind, (start, end), last) = best?;
    found.add(kind, start, end);
    Some(last)
}
