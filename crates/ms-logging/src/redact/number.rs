//! Runs and groups of digits: identity, telephone, card and account numbers.

use super::rules::{Found, before, is_word};
use super::view::SOFT_SPACE;
use super::{Kind, card, iban, phone, tckn};

/// A telephone number without its zero.
const FEWEST_DIGITS: usize = 10;
/// No number of anybody has more groups.
const MOST_GROUPS: usize = 9;
/// So many are looked at together. A number may begin in each of the first half.
const WINDOW: usize = 2 * MOST_GROUPS;
/// A hexadecimal text of this length is a digest or an id.
const LONGEST_HEX_WORD: usize = 16;
/// How far around a number its word is looked at.
const NEAR: usize = 64;

/// Digits between separators.
#[derive(Debug, Clone)]
struct Group {
    start: usize,
    end: usize,
    digits: Vec<u8>,
    /// What joins it to the digits before it; 0 for nothing.
    separator: u8,
}

/// Looks at the digits that begin at `at`; gives the end of what it looked at.
pub(crate) fn at(text: &str, at: usize, found: &mut Found) -> usize {
    let (end, digits) = extent(text, at);
    // Nearly all numbers of a log are short.
    if digits < FEWEST_DIGITS && !follows_country(text, at) {
        return end;
    }
    let groups = groups(text, at);
    let full = groups.len() == WINDOW;
    let mut first = 0;
    while let Some(group) = groups.get(first) {
        // A number that begins here may go on behind the window.
        if full && first >= MOST_GROUPS {
            return found.end_or(group.start);
        }
        first = match longest(text, &groups, first, found) {
            Some(last) => last + 1,
            None => first + 1,
        };
    }
    // An account number may go on in letters.
    found.end_or(end)
}

/// Where the groups that begin at `at` end, and how many digits they have.
fn extent(text: &str, at: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let (mut start, mut digits) = (at, 0);
    for _ in 0..WINDOW {
        let rest = bytes.get(start..).unwrap_or_default();
        let run = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (start, digits) = (start + run, digits + run);
        match separator_of(bytes.get(start..).unwrap_or_default()) {
            Some((_, length)) => start += length,
            None => break,
        }
    }
    (start, digits)
}

/// An account number of some countries has letters among its digits.
fn follows_country(text: &str, at: usize) -> bool {
    before(text, at).is_some_and(|byte| byte.is_ascii_alphabetic())
}

fn groups(text: &str, at: usize) -> Vec<Group> {
    let bytes = text.as_bytes();
    let mut groups: Vec<Group> = Vec::new();
    let (mut start, mut separator) = (at, separator_before(text, at));
    while groups.len() < WINDOW {
        let run = bytes.get(start..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit());
        let digits: Vec<u8> = run.map(|byte| byte - b'0').collect();
        if digits.is_empty() {
            break;
        }
        let end = start + digits.len();
        groups.push(Group { start, end, digits, separator });
        let Some((sign, length)) = separator_of(bytes.get(end..).unwrap_or_default()) else { break };
        (separator, start) = (sign, end + length);
    }
    groups
}

/// The sign that joins the group at `at` to one before it.
fn separator_before(text: &str, at: usize) -> u8 {
    let sign = before(text, at).filter(|sign| matches!(sign, b'-' | b'.'));
    let joined = at > 0 && before(text, at - 1).is_some_and(|byte| byte.is_ascii_digit());
    sign.filter(|_| joined).unwrap_or_default()
}

/// What may stand between two groups of one number, and its length. Brackets count more than the space beside them.
fn separator_of(rest: &[u8]) -> Option<(u8, usize)> {
    match rest {
        [b')' | b' ' | SOFT_SPACE | b'-', b' ' | b'(' | SOFT_SPACE | b'-', digit, ..]
            if digit.is_ascii_digit() && (rest.starts_with(b")") || rest.get(1) == Some(&b'(')) =>
        {
            Some((b'(', 2))
        }
        [b'(' | b')', digit, ..] if digit.is_ascii_digit() => Some((b'(', 1)),
        [sign @ (b' ' | SOFT_SPACE | b'-' | b'.' | b'/' | b'+'), digit, ..] if digit.is_ascii_digit() => {
            Some((*sign, 1))
        }
        _ => None,
    }
}

/// Tries the longest number that begins with group `first`; gives its last group.
fn longest(text: &str, groups: &[Group], first: usize, found: &mut Found) -> Option<usize> {
    let begin = groups.get(first)?;
    if let Some((start, end)) = iban::find(text, begin.start) {
        found.add(Kind::Iban, start, end);
        return Some(groups.iter().rposition(|group| group.start < end).unwrap_or(first));
    }
    for last in (first..groups.len()).rev() {
        let candidate = Candidate { text, groups, part: groups.get(first..=last)?, first, last };
        if let Some(kind) = candidate.kind() {
            let (start, end) = candidate.place();
            found.add(kind, start, end);
            return Some(last);
        }
    }
    None
}

/// Some of the groups.
struct Candidate<'a> {
    text: &'a str,
    groups: &'a [Group],
    part: &'a [Group],
    first: usize,
    last: usize,
}

impl Candidate<'_> {
    fn kind(&self) -> Option<Kind> {
        let count: usize = self.part.iter().map(|group| group.digits.len()).sum();
        if !(FEWEST_DIGITS..=19).contains(&count) || !self.stands_alone() {
            return None;
        }
        let digits: Vec<u8> = self.part.iter().flat_map(|group| group.digits.iter().copied()).collect();
        let sizes: Vec<usize> = self.part.iter().map(|group| group.digits.len()).collect();
        if self.is_phone() {
            return Some(Kind::Phone);
        }
        if !self.is_even() || self.is_fraction() {
            return None;
        }
        if self.is_ip_address() {
            return None;
        }
        if has_tckn_groups(&sizes) && tckn::is_valid(&digits) {
            return Some(Kind::Tckn);
        }
        (card::has_groups(&sizes) && card::is_valid(&digits)).then_some(Kind::Card)
    }

    /// The same separator throughout, and one that numbers have.
    fn is_even(&self) -> bool {
        let mut separators = self.part.iter().skip(1).map(|group| group.separator);
        let first = separators.next();
        let usual = first.is_none_or(|sign| matches!(sign, b' ' | SOFT_SPACE | b'-' | b'.' | b'+'));
        usual && separators.all(|sign| Some(sign) == first)
    }

    /// One run of digits before or behind a decimal point. `.0` is how a whole number looks after it was a float.
    fn is_fraction(&self) -> bool {
        let [only] = self.part else { return false };
        let next = self.groups.get(self.last + 1);
        only.separator == b'.' || next.is_some_and(|next| next.separator == b'.' && next.digits != [0])
    }

    /// Four octets with dots between them; an octet has no leading zero.
    fn is_ip_address(&self) -> bool {
        let octet = |group: &Group| match group.digits.as_slice() {
            [_] => true,
            [0, ..] => false,
            digits => digits.iter().fold(0_u32, |value, digit| value * 10 + u32::from(*digit)) <= 255,
        };
        let dotted = self.part.get(1).is_some_and(|group| group.separator == b'.');
        dotted && self.part.len() == 4 && self.part.iter().all(octet)
    }

    fn is_phone(&self) -> bool {
        let digits: Vec<&[u8]> = self.part.iter().map(|group| group.digits.as_slice()).collect();
        let fraction = matches!(self.part, [_, second] if second.separator == b'.');
        !fraction
            && (phone::is_valid(&digits, self.has_plus(), self.in_brackets())
                || (phone::is_bare_mobile(&digits) && phone::is_spoken_of(self.text, self.start())))
    }

    fn start(&self) -> usize {
        self.part.first().map_or(0, |group| group.start)
    }

    fn end(&self) -> usize {
        self.part.last().map_or(0, |group| group.end)
    }

    fn in_brackets(&self) -> bool {
        before(self.text, self.start()) == Some(b'(')
    }

    fn has_plus(&self) -> bool {
        let start = self.start() - usize::from(self.in_brackets());
        before(self.text, start) == Some(b'+') && !is_word(before(self.text, start - 1))
    }

    /// With the `+` and the bracket before it.
    fn place(&self) -> (usize, usize) {
        let start = self.start() - usize::from(self.in_brackets());
        (start - usize::from(before(self.text, start) == Some(b'+')), self.end())
    }

    /// Not a piece of a longer number or of an id.
    fn stands_alone(&self) -> bool {
        let (start, end) = (self.start(), self.end());
        let next = self.text.as_bytes().get(end).copied();
        let joined =
            |group: Option<&Group>| group.is_some_and(|group| matches!(group.separator, b'-' | b'.'));
        let cut_off = self.part.len() > 1
            && (joined(self.groups.get(self.first)) || joined(self.groups.get(self.last + 1)));
        if cut_off {
            return false;
        }
        let glued = is_word(before(self.text, start)) || is_word(next);
        !glued || (self.part.len() == 1 && !self.in_hex_word())
    }

    fn in_hex_word(&self) -> bool {
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric();
        let bytes = self.text.as_bytes();
        let front = bytes.get(..self.start()).unwrap_or_default().iter().rev().take(NEAR).take_while(is_part);
        let back = bytes.get(self.end()..).unwrap_or_default().iter().take(NEAR).take_while(is_part);
        let letters: Vec<u8> = front.chain(back).copied().collect();
        let length = letters.len() + self.end() - self.start();
        length >= LONGEST_HEX_WORD && letters.iter().all(u8::is_ascii_hexdigit)
    }
}

fn has_tckn_groups(sizes: &[usize]) -> bool {
    matches!(
        sizes,
        [11] | [3, 3, 3, 2]
            | [3, 3, 5]
            | [5, 6]
            | [6, 5]
            | [3, 4, 4]
            | [4, 4, 3]
            | [4, 3, 4]
            | [2, 3, 3, 3]
            | [5, 3, 3]
            | [3, 2, 3, 3]
            | [3, 3, 2, 3]
    )
}
