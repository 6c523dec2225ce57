//! Segments of HL7 version 2, chapters 3 and 6: `PID|1||7^^^H^MR||Yılmaz^Ayşe||…`.

use super::rules::Found;
use super::{Kind, replace};

/// Whose names, telephones and numbers are in which fields.
const SEGMENTS: [(&str, &[(usize, Kind)]); 2] = [
    (
        "PID|",
        &[
            (5, Kind::PatientName),
            (6, Kind::PatientName),
            (9, Kind::PatientName),
            (13, Kind::Phone),
            (14, Kind::Phone),
            (19, Kind::Tckn),
        ],
    ),
    (
        "NK1|",
        &[
            (2, Kind::PatientName),
            (5, Kind::Phone),
            (6, Kind::Phone),
            (30, Kind::PatientName),
            (31, Kind::Phone),
        ],
    ),
];
const LONGEST: usize = 2048;

/// Looks at the word that begins at `at`, and tells whether a segment does. What else is in it is looked at later.
pub(crate) fn at(text: &str, at: usize, found: &mut Found<'_>) -> bool {
    let Some(rest) = text.get(at..).filter(|_| at >= found.segment_end) else { return false };
    let Some((name, fields)) = SEGMENTS.iter().find(|(name, _)| rest.starts_with(name)) else { return false };
    let near = rest.get(name.len()..rest.floor_char_boundary(LONGEST)).unwrap_or_default();
    let end = near.find(['\n', '\r', '"', '\\']).unwrap_or(near.len());
    let mut start = at + name.len();
    found.segment_end = start + end;
    for (index, field) in near.get(..end).unwrap_or_default().split('|').enumerate() {
        let place = fields.iter().find(|(place, _)| *place == index + 1);
        if let Some((_, kind)) = place.filter(|_| field.chars().any(char::is_alphanumeric))
            && replace::tag(field).is_none()
        {
            found.add_ahead(*kind, start, start + field.len());
        }
        start += field.len() + 1;
    }
    true
}
