//! The name that stands before a sign, and what it stands for there.

use super::key_kind::KeyKind;
use super::keys::{self, Keys, LONGEST_NAME};
use super::view::SOFT_SPACE;

/// `tc kimlik no:` are three words.
const MOST_WORDS: usize = 3;
/// How far around a name its object is looked for.
const OBJECT: usize = 512;
/// Names that say whose name it is only with the object they are in.
pub(super) const OF_AN_OBJECT: [&str; 6] = ["name", "ad", "adi", "isim", "ismi", "adı"];
/// Names of what another field or the type of the object names.
pub(super) const OF_A_PAIR: [&str; 5] = ["value", "val", "deger", "değer", "inner"];
/// The parts of a name in FHIR, where `name` is a list of objects.
pub(super) const OF_A_NAME: [&str; 3] = ["family", "given", "text"];
/// Names of names of fields.
const LABELS: [&str; 7] = ["name", "key", "ad", "field", "alan", "param", "column"];
/// A first name that one of these follows is a person's.
const SURNAMES: [&str; 5] = ["soyad", "soyisim", "surname", "lastname", "last_name"];
/// How far behind a first name.
const NEAR_SURNAME: usize = 64;
/// How the names of such objects end, folded.
const PEOPLE: [&str; 10] = [
    "patient",
    "patients",
    "hasta",
    "hastalar",
    "patientinfo",
    "hastabilgisi",
    "patientrecord",
    "patientdto",
    "hastakaydi",
    "hastadto",
];

/// Whose an object is, by its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Within {
    #[default]
    Nothing,
    Patient,
    /// A name in its parts.
    Name,
}

impl Within {
    /// What the objects behind this name are.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            _ if is_patient(name) => Self::Patient,
            _ if name.eq_ignore_ascii_case("name") => Self::Name,
            _ => Self::Nothing,
        }
    }

    /// Whether a field of this name there is somebody's name.
    pub(crate) fn tells(self, name: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Patient => is_one_of(&OF_AN_OBJECT, name),
            Self::Name => is_one_of(&OF_A_NAME, name),
        }
    }
}

/// Whether the value of such a field names another field of its object, whose value is a field of [`OF_A_PAIR`].
pub(crate) fn is_label(name: &str) -> bool {
    is_one_of(&LABELS, name)
}

pub(crate) fn is_of_a_pair(name: &str) -> bool {
    is_one_of(&OF_A_PAIR, name)
}

/// Whether it is a first name if a surname follows.
pub(crate) fn may_be_first(name: &str) -> bool {
    is_one_of(&OF_AN_OBJECT, name)
}

pub(crate) fn is_surname(name: &str) -> bool {
    let name = name.to_lowercase();
    SURNAMES.iter().any(|surname| name.contains(surname))
}

/// A name and where it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
}

/// What the value of a field of this name is.
pub(super) fn kind(keys: &Keys, name: &str) -> Option<KeyKind> {
    keys.kind(name)
}

impl<'a> Name<'a> {
    /// The last words of a text, without the quotes and brackets around them.
    pub(super) fn before(front: &'a str) -> Option<Self> {
        let spaced = front.trim_end_matches([' ', '\t', char::from(SOFT_SPACE)]);
        let front = spaced.trim_end_matches(['"', '\'', '\\', ')', ']', '`']);
        // `unexpected token ':'` quotes the sign, not the name.
        if front.len() < spaced.len() && front.ends_with(' ') {
            return None;
        }
        // Times and ports.
        let numbered = front.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = front.len() - numbered.len();
        if digits > keys::MOST_DIGITS
            || digits > 0 && !numbered.ends_with(|c: char| c.is_alphabetic() || c == '_')
        {
            return None;
        }
        let from = front.floor_char_boundary(front.len().saturating_sub(LONGEST_NAME));
        let near = front.get(from..)?;
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let mut start = near.len();
        for _ in 0..MOST_WORDS {
            let word = near.get(..start)?.trim_end_matches(is_name).len();
            if word == start {
                break;
            }
            start = word;
            if !near.get(..start)?.ends_with([' ', char::from(SOFT_SPACE)]) {
                break;
            }
            start -= 1;
        }
        // A path of Rust modules is no name of a field.
        if near.get(..start)?.ends_with("::") {
            return None;
        }
        let text = near.get(start..)?.trim();
        (!text.is_empty()).then_some(Self { text, start: from + start })
    }

    /// What it stands for in `text`, where its sign is at `at`.
    pub(super) fn kind(&self, text: &str, at: usize, keys: &Keys) -> Option<KeyKind> {
        if let Some(kind) = kind(keys, self.text) {
            return Some(kind);
        }
        let last = self.text.rsplit(' ').next().unwrap_or_default();
        if is_one_of(&OF_AN_OBJECT, last) {
            let whose = is_of_patient(text.get(..at)?) || is_before_surname(text.get(at..)?);
            return whose.then_some(KeyKind::Name);
        }
        if is_one_of(&OF_A_PAIR, last) {
            let front = text.get(..self.start)?;
            return described(front, keys).or_else(|| in_secret(front, keys));
        }
        if is_one_of(&OF_A_NAME, last) && is_of_name(text.get(..at)?) {
            return Some(KeyKind::Name);
        }
        of_somebody(text.get(..at)?)
    }
}

/// `Password for admin:`, `SET PASSWORD FOR 'app'@'%' =`, `şifre (admin):`.
pub(super) fn of_somebody(front: &str) -> Option<KeyKind> {
    let near = near_of_somebody(front)?;
    let start = near.rfind([',', ';', '=', ':', '\n', '{']).map_or(0, |at| at + 1);
    let phrase = near.get(start..)?;
    [" for ", " FOR ", " ("]
        .iter()
        .any(|link| {
            let whom = split_once(phrase, link).filter(|(password, _)| is_password(password));
            whom.is_some_and(|(_, whom)| !whom.is_empty() && whom.split_whitespace().count() <= 2)
        })
        .then_some(KeyKind::Told)
}

/// Whether the space at `at` may join them: behind the last letters of [`is_password`], before the first of a link.
pub(super) fn is_link(text: &[u8], at: usize) -> bool {
    matches!(text.get(at + 1), Some(b'f' | b'F' | b'('))
        && at
            .checked_sub(1)
            .and_then(|at| text.get(at))
            .is_some_and(|byte| matches!(byte, b'd' | b'D' | b'e' | b'E' | b'a' | b'A'))
}

/// Whether [`of_somebody`] looks so far before `at`.
pub(super) fn is_near(link: Option<usize>, at: usize) -> bool {
    link.is_some_and(|link| link + LONGEST_NAME / 2 >= at)
}

fn near_of_somebody(front: &str) -> Option<&str> {
    front.get(front.floor_char_boundary(front.len().saturating_sub(LONGEST_NAME / 2))..)
}

/// As that of `str`, which prepares a search that takes longer than a look at a text this short.
fn split_once<'t>(text: &'t str, link: &str) -> Option<(&'t str, &'t str)> {
    let sign = link.as_bytes().get(1)?;
    let mut spaces = text.bytes().enumerate().filter(|(_, byte)| *byte == b' ').map(|(at, _)| at);
    let at = spaces.find(|at| {
        text.as_bytes().get(at + 1) == Some(sign)
            && text.get(*at..).is_some_and(|rest| rest.starts_with(link))
    })?;
    Some((text.get(..at)?, text.get(at + link.len()..)?))
}

fn is_password(phrase: &str) -> bool {
    ["password", "passwd", "sifre", "şifre", "parola"].iter().any(|known| {
        let tail = phrase.len().checked_sub(known.len()).and_then(|at| phrase.get(at..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(known))
    })
}

/// `<property name="password" value=`, `{"name":"password","value":`, `- name: PASSWORD⏎  value:`.
fn described(front: &str, keys: &Keys) -> Option<KeyKind> {
    let near = front.get(front.floor_char_boundary(front.len().saturating_sub(LONGEST_NAME))..)?;
    let near = near.trim_end_matches(['"', '\'', ' ', '\n', '\r', '\t', ',', '\\', ';', ':']);
    let start = near.rfind(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.'))? + 1;
    let (front, name) = near.split_at_checked(start)?;
    let quoted = front.ends_with(['"', '\'']);
    let front = front.trim_end_matches(['"', '\'', '\\', ' ']);
    let signed = front.strip_suffix([':', '=']);
    // `on field 'password': rejected value [hunter2]`.
    let front = if quoted { signed.unwrap_or(front) } else { signed? };
    let front = front.trim_end_matches(['"', '\'', '\\', ' ']);
    let is_label = |label: &&str| {
        let tail = front.len().checked_sub(label.len()).and_then(|at| front.get(at..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(label))
    };
    LABELS.iter().any(is_label).then(|| kind(keys, name))?
}

/// `ApiKey { value`: what the type that a text ends within tells.
fn in_secret(front: &str, keys: &Keys) -> Option<KeyKind> {
    let typed = front.trim_end().strip_suffix('{')?.strip_suffix(' ')?;
    let near = typed.get(typed.floor_char_boundary(typed.len().saturating_sub(LONGEST_NAME))..)?;
    let name = near.get(near.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1)..)?;
    kind(keys, name).filter(|kind| kind.is_secret() && name.starts_with(char::is_uppercase))
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether what stands behind such a name is the name of a field.
pub(super) fn names_another(name: &str, rest: &str, keys: &Keys) -> bool {
    if !is_one_of(&OF_AN_OBJECT, name.rsplit(' ').next().unwrap_or_default()) {
        return false;
    }
    let value = rest.trim_start_matches([' ', '"', '\'', '\\']);
    let end = value.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.' | ' '));
    kind(keys, value.get(..end.unwrap_or(value.len()).min(LONGEST_NAME)).unwrap_or_default()).is_some()
}

/// `"ad":"Ayşe","soyad":"…"`.
fn is_before_surname(rest: &str) -> bool {
    let near = rest.get(..rest.floor_char_boundary(NEAR_SURNAME)).unwrap_or_default();
    let near = near.get(..near.find(['}', '\n']).unwrap_or(near.len())).unwrap_or_default().to_lowercase();
    SURNAMES.iter().any(|surname| near.contains(surname))
}

/// The name of an element within those of a patient: `<hasta><oda>7</oda><adi>`.
pub(super) fn within_patient(local: &str, front: &str) -> Option<KeyKind> {
    is_one_of(&OF_AN_OBJECT, local).then_some(())?;
    let near = front.get(front.floor_char_boundary(front.len().saturating_sub(OBJECT))..)?;
    for tag in near.rsplit('<') {
        let name = tag.trim_start_matches('/').split(['>', ' ', '/']).next().unwrap_or_default();
        if is_patient(name.rsplit(':').next().unwrap_or(name)) {
            // What is closed again is not around it.
            return (!tag.starts_with('/')).then_some(KeyKind::Name);
        }
    }
    None
}

/// Whether a text ends within the braces of a patient: `"patient":{"bed":7,"name"`, `Patient { id: 7, name`.
fn is_of_patient(front: &str) -> bool {
    is_within(front, is_patient)
}

/// Whether it ends within those of a name: `"name":[{"use":"official","family"`.
fn is_of_name(front: &str) -> bool {
    is_within(front, |front| {
        let front = front.trim_end_matches(|c: char| !c.is_alphanumeric());
        let word = front.get(front.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1)..);
        word.is_some_and(|word| word.eq_ignore_ascii_case("name"))
    })
}

/// Whether what stands before the braces that a text ends within, or before the list of them, is that.
fn is_within(front: &str, is_that: impl Fn(&str) -> bool) -> bool {
    let near = front.get(front.floor_char_boundary(front.len().saturating_sub(OBJECT))..).unwrap_or_default();
    let (mut depth, mut in_list) = (0_u32, false);
    for (at, byte) in near.bytes().enumerate().rev() {
        match byte {
            b'}' | b')' | b']' => depth += 1,
            b'{' | b'(' | b'[' if depth > 0 => depth -= 1,
            b'[' if in_list => return is_that(near.get(..at).unwrap_or_default()),
            b'{' | b'(' => {
                let front = near.get(..at).unwrap_or_default();
                // `"patients":[{…},{`
                if in_list || !front.trim_end().ends_with(',') {
                    return !in_list && is_that(front);
                }
                in_list = true;
            }
            _ => {}
        }
    }
    false
}

/// Whether the last word is a patient.
fn is_patient(front: &str) -> bool {
    let front = front.trim_end_matches(|c: char| !c.is_alphanumeric());
    let word = front.get(front.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1)..);
    let folded = keys::folded(word.unwrap_or_default());
    PEOPLE.iter().any(|person| folded.ends_with(person))
}
