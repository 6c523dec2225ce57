//! Runs and groups of digits: identity, telephone, card and account numbers.

use super::rules::{Found, before, is_word};
use super::view::SOFT_SPACE;
use super::{Kind, card, iban, id, phone, spoken, tckn};

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
struct Group {
    start: usize,
    end: usize,
    /// What joins it to the digits before it; 0 for nothing.
    separator: u8,
}

impl Group {
    fn len(&self) -> usize {
        self.end - self.start
    }
}

/// Looks at the digits that begin at `at`; gives the end of what it looked at.
pub(crate) fn at(text: &str, at: usize, found: &mut Found<'_>) -> usize {
    let mut window = [Group::default(); WINDOW];
    let (groups, end) = groups(text, at, &mut window);
    let digits: usize = groups.iter().map(Group::len).sum();
    // Nearly all numbers of a log are short.
    if digits < FEWEST_DIGITS && !follows_country(text, at) {
        return end;
    }
    let full = groups.len() == WINDOW;
    let mut first = 0;
    while let Some(group) = groups.get(first) {
        // A number that begins here may go on behind the window.
        if full && first >= MOST_GROUPS {
            return found.end_or(group.start);
        }
        first = match longest(text, groups, first, found) {
            Some(last) => last + 1,
            None => first + 1,
        };
    }
    // An account number may go on in letters.
    found.end_or(end)
}

/// An account number of some countries has letters among its digits.
fn follows_country(text: &str, at: usize) -> bool {
    before(text, at).is_some_and(|byte| byte.is_ascii_alphabetic())
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
    let (mut length, mut spaces, mut brackets, mut sign) = (0, 0, 0, 0);
    for &byte in rest.iter().take(LONGEST_SEPARATOR + 1) {
        match byte {
            b' ' | SOFT_SPACE => spaces += 1,
            b'(' | b')' => brackets += 1,
            b'-' | b'.' | b'/' | b'+' | b'_' if sign == 0 => sign = byte,
            b'0'..=b'9' => break,
            _ => return None,
        }
        length += 1;
    }
    let ends_in_digit = rest.get(length).is_some_and(u8::is_ascii_digit);
    if length == 0 || length > LONGEST_SEPARATOR || !ends_in_digit {
        return None;
    }
    match (brackets, sign, spaces) {
        (0, 0, _) => Some((b' ', length)),
        (0, sign, 0) => Some((sign, length)),
        // ` - ` joins the parts of no number but a telephone's.
        (0, b'-', 2) => Some((b'~', length)),
        (1..=2, 0 | b'-', _) => Some((b'(', length)),
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

/// Some of the groups.
struct Candidate<'a> {
    text: &'a str,
    groups: &'a [Group],
    first: usize,
    last: usize,
    digits: &'a [u8],
    sizes: &'a [usize],
}

impl Candidate<'_> {
    fn kind(&self) -> Option<Kind> {
        if self.is_cut_off() {
            return None;
        }
        let kind = if self.is_phone() {
            Kind::Phone
        } else if !self.is_even() || self.is_fraction() || self.is_ip_address() {
            return None;
        } else if self.is_tckn() {
            Kind::Tckn
        } else if self.is_card() {
            Kind::Card
        } else {
            return None;
        };
        (!self.is_glued() && !id::is_around(self.text, self.start(), self.end())).then_some(kind)
    }

    fn is_tckn(&self) -> bool {
        // Counts of a table come in groups too, so a rare grouping must stand by itself.
        (tckn::has_usual_groups(self.sizes)
            || tckn::has_rare_groups(self.sizes) && (self.is_alone() || self.is_spoken_of(&spoken::IDENTITY)))
            && tckn::is_valid(self.digits)
    }

    fn is_card(&self) -> bool {
        card::has_groups(self.sizes)
            && card::is_valid(self.digits)
            // Ids of these lengths are commoner than such cards.
            && (!matches!(self.sizes, [13 | 19]) || self.is_spoken_of(&spoken::CARD))
    }

    fn is_phone(&self) -> bool {
        let fraction = self.sizes.len() == 2 && self.part().any(|group| group.separator == b'.');
        if fraction {
            return false;
        }
        let spoken_of = || self.is_spoken_of(&spoken::PHONE);
        match phone::judge(self.digits, self.sizes, self.has_plus(), self.in_brackets()) {
            phone::Verdict::Yes => true,
            phone::Verdict::IfAlone => self.is_alone() && !self.touches_word() || spoken_of(),
            phone::Verdict::IfSpokenOf => spoken_of(),
            phone::Verdict::No => false,
        }
    }

    /// The separators between the groups.
    fn part(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().take(self.last + 1).skip(self.first + 1)
    }

    /// The same separator throughout, and one that numbers have.
    fn is_even(&self) -> bool {
        let mut separators = self.part().map(|group| group.separator);
        let first = separators.next();
        let usual = first.is_none_or(|sign| matches!(sign, b' ' | b'-' | b'.' | b'+' | b'_'));
        usual && separators.all(|sign| Some(sign) == first)
    }

    /// No number stands beside it.
    fn is_alone(&self) -> bool {
        self.groups.get(self.first).is_some_and(|group| group.separator == 0)
            && self.groups.get(self.last + 1).is_none()
    }

    fn touches_word(&self) -> bool {
        is_word(before(self.text, self.start())) || is_word(self.text.as_bytes().get(self.end()).copied())
    }

    fn is_spoken_of(&self, words: &[&str]) -> bool {
        spoken::is_before(self.text, self.start(), words)
    }

    /// One run of digits before or behind a decimal point. `.0` is how a whole number looks after it was a float.
    fn is_fraction(&self) -> bool {
        let dotted = |group: Option<&Group>| group.is_some_and(|group| group.separator == b'.');
        let next = self.groups.get(self.last + 1);
        let zero = next.is_some_and(|next| self.text.get(next.start..next.end) == Some("0"));
        self.first == self.last && (dotted(self.groups.get(self.first)) || dotted(next) && !zero)
    }

    /// Four octets with dots between them; an octet has no leading zero.
    fn is_ip_address(&self) -> bool {
        let octet = |group: &Group| match self.text.as_bytes().get(group.start..group.end) {
            Some([_]) => true,
            Some([b'0', ..]) | None => false,
            Some(digits) => {
                digits.iter().fold(0_u32, |value, digit| value * 10 + u32::from(digit - b'0')) <= 255
            }
        };
        let dotted = self.part().next().is_some_and(|group| group.separator == b'.');
        let mut groups = self.groups.iter().take(self.last + 1).skip(self.first);
        dotted && self.sizes.len() == 4 && groups.all(octet)
    }

    fn start(&self) -> usize {
        self.groups.get(self.first).map_or(0, |group| group.start)
    }

    fn end(&self) -> usize {
        self.groups.get(self.last).map_or(0, |group| group.end)
    }

    fn in_brackets(&self) -> bool {
        before(self.text, self.start()) == Some(b'(')
    }

    fn has_plus(&self) -> bool {
        let start = self.start() - usize::from(self.in_brackets());
        before(self.text, start) == Some(b'+') && !is_word(before(self.text, start - 1))
    }

    /// With the `+` and the brackets before it.
    fn place(&self) -> (usize, usize) {
        let mut start = self.start();
        while matches!(before(self.text, start), Some(b'+' | b'(')) && self.start() - start < 2 {
            start -= 1;
        }
        let bracket = start == self.start() || self.text.as_bytes().get(start) != Some(&b'(');
        // A bracket that only encloses the number is no part of it.
        let encloses = self.text.as_bytes().get(self.end()) == Some(&b')');
        (start + usize::from(!bracket && encloses), self.end())
    }

    /// A piece of a longer number.
    fn is_cut_off(&self) -> bool {
        let joined =
            |group: Option<&Group>| group.is_some_and(|group| matches!(group.separator, b'-' | b'.' | b'_'));
        self.sizes.len() > 1
            && (joined(self.groups.get(self.first)) || joined(self.groups.get(self.last + 1)))
    }

    /// Groups that touch a letter are part of something else; one run, or what touches a word, may be named by that.
    fn is_glued(&self) -> bool {
        let bytes = self.text.as_bytes();
        let letter = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || byte >= 0x80);
        let next = bytes.get(self.end()).copied();
        let single = self.sizes.len() == 1;
        let front = is_word(before(self.text, self.start()))
            && !letter(self.start().checked_sub(1).and_then(|at| before(self.text, at)));
        let back = is_word(next) && !letter(bytes.get(self.end() + 1).copied());
        !single && (front || back)
    }
}
