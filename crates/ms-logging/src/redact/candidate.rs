//! Whether some groups of digits are a number of somebody.

use super::number::Group;
use super::rules::{before, begins_word, end_of_word, is_word};
use super::{Kind, card, id, phone, spoken, tckn};

/// Some of the groups.
pub(super) struct Candidate<'a> {
    pub(super) text: &'a str,
    pub(super) groups: &'a [Group],
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) digits: &'a [u8],
    pub(super) sizes: &'a [usize],
}

impl Candidate<'_> {
    /// What the digits are, if anybody's.
    pub(super) fn kind(&self) -> Option<Kind> {
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
        // Numbers of telephones with a prefix are told by that, and identity numbers by their groups.
        let told = match kind {
            Kind::Phone => self.digits.len() > 10,
            Kind::Tckn => self.sizes == tckn::GROUPS,
            _ => false,
        };
        let glued = || self.is_glued() && !told;
        (!glued() && !id::is_around(self.text, self.start(), self.end())).then_some(kind)
    }

    fn is_tckn(&self) -> bool {
        // Counts of a table come in groups too, so a rare grouping must stand by itself.
        let rare = || {
            let usual = self.part().next().is_some_and(|group| tckn::joins(group.separator, self.sizes));
            let alone = usual
                && self.is_tight()
                && self.is_alone()
                && !tckn::begins_with_a_date(self.digits, self.sizes);
            tckn::has_rare_groups(self.sizes) && (alone || self.is_spoken_of(&spoken::IDENTITY))
        };
        tckn::is_valid(self.digits) && (tckn::has_usual_groups(self.sizes) || rare())
    }

    fn is_card(&self) -> bool {
        card::has_groups(self.sizes)
            && card::is_valid(self.digits)
            // Ids of these lengths are commoner than such cards.
            && (!matches!(self.sizes, [13 | 19]) || self.is_spoken_of(&spoken::CARD))
    }

    fn is_phone(&self) -> bool {
        let dotted = |group: &Group| group.separator == b'.';
        let fraction = match self.sizes {
            [_] => self.groups.get(self.first).is_some_and(dotted),
            [_, _] => self.part().any(dotted),
            _ => false,
        };
        if fraction {
            return false;
        }
        // Columns of a table stand apart, and are not as long as the groups of a number.
        if self.is_loose() && !phone::has_usual_end(self.sizes) {
            return false;
        }
        let spoken_of = || self.is_spoken_of(&spoken::PHONE);
        match phone::judge(self.digits, self.sizes, self.has_plus(), self.in_brackets()) {
            phone::Verdict::Yes => true,
            // A bracket encloses the area code, not what follows it.
            phone::Verdict::IfAlone | phone::Verdict::IfSpokenOf if self.opens_late() => false,
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

    /// One sign between each two groups; the columns of a table stand farther apart.
    fn is_tight(&self) -> bool {
        self.groups.get(self.first..=self.last).is_some_and(|groups| {
            groups.windows(2).all(|two| matches!(two, [one, next] if one.end + 1 == next.start))
        })
    }

    /// More than one space between two groups.
    fn is_loose(&self) -> bool {
        self.groups.get(self.first..=self.last).is_some_and(|groups| {
            let apart = |two: &[Group]| matches!(two, [one, next] if one.end + 1 < next.start && next.separator == b' ');
            groups.windows(2).any(apart)
        })
    }

    /// No number stands beside it as its own groups do beside each other.
    fn is_alone(&self) -> bool {
        let own = self.part().next().map(|group| group.separator);
        let joined = |group: &Group| own.is_none_or(|own| own == group.separator);
        let before = self.groups.get(self.first).filter(|group| group.separator != 0 && joined(group));
        let next = self.groups.get(self.last + 1).filter(|group| joined(group));
        before.is_none_or(|_| self.is_of_another(self.first.checked_sub(1), 0, own))
            && next.is_none_or(|_| self.is_of_another(Some(self.last + 1), 1, own))
    }

    /// Whether a group belongs to something else, a date or a time, by what is on its other side.
    fn is_of_another(&self, index: Option<usize>, side: usize, own: Option<u8>) -> bool {
        let Some((index, own)) = index.zip(own) else { return false };
        let Some(group) = self.groups.get(index) else { return false };
        let (sign, other) = match side {
            0 => (before(self.text, group.start), Some(group)),
            _ => (self.text.as_bytes().get(group.end).copied(), self.groups.get(index + 1)),
        };
        sign == Some(b':') || other.is_some_and(|other| other.separator != 0 && other.separator != own)
    }

    fn opens_late(&self) -> bool {
        !self.in_brackets() && self.part().any(|group| group.separator == b'(')
    }

    fn touches_word(&self) -> bool {
        !end_of_word(self.text, self.start()).is_empty() || begins_word(self.text, self.end())
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
                digits.len() <= 3
                    && digits.iter().fold(0_u32, |value, digit| value * 10 + u32::from(digit - b'0')) <= 255
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
        // Glued to a word, only what has the country's code counts.
        let word = is_word(before(self.text, start.saturating_sub(1)));
        let digit =
            start.checked_sub(1).and_then(|at| before(self.text, at)).is_some_and(|b| b.is_ascii_digit());
        before(self.text, start) == Some(b'+') && (!word || !digit && self.digits.starts_with(&[9, 0]))
    }

    /// With the `+` and the brackets before it.
    pub(super) fn place(&self) -> (usize, usize) {
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
        let own = self.part().next().map(|group| group.separator);
        let joined = |group: Option<&Group>| {
            group.is_some_and(|group| match group.separator {
                // `kayit-100 000 001 46-2026`
                b'-' if self.sizes == tckn::GROUPS => !tckn::is_valid(self.digits),
                b'-' | b'.' => true,
                // `rapor_100 000 001 46_2026`
                b'_' => own == Some(b'_'),
                _ => false,
            })
        };
        self.sizes.len() > 1
            && (joined(self.groups.get(self.first)) || joined(self.groups.get(self.last + 1)))
    }

    /// Groups that touch one letter or digit are part of something else; one run, or what touches a word, may be named by
    /// that.
    fn is_glued(&self) -> bool {
        let single = self.sizes.len() == 1;
        let is_word = |last: Option<char>, other: Option<char>| {
            last.is_some_and(char::is_alphanumeric) && !other.is_some_and(char::is_alphabetic)
        };
        let mut front = end_of_word(self.text, self.start()).chars().rev();
        let mut back = self.text.get(self.end()..).unwrap_or_default().chars();
        !single && (is_word(front.next(), front.next()) || is_word(back.next(), back.next()))
    }
}
