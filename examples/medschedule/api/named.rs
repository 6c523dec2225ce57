//! What a handler asks for by name, out of what a client sent by name.

use axum::http::StatusCode;

use crate::problem::Problem;

/// The longest part of a client's own word that is sent back to it, in characters.
const TOLD: usize = 64;

/// Sorts what was given by the names asked for. One that nobody asked for is refused, since a misspelt name would
/// otherwise be one that was left out; so is one given twice, since readers disagree on which of them counts.
pub(super) fn pick<T, const N: usize>(
    given: impl IntoIterator<Item = (String, T)>,
    names: [&'static str; N],
    refused: StatusCode,
) -> Result<[Option<T>; N], Problem> {
    let mut found = [const { None }; N];
    for (name, value) in given {
        let place = names.iter().position(|known| *known == name).and_then(|place| found.get_mut(place));
        match place {
            Some(place @ None) => *place = Some(value),
            Some(Some(_)) => return Err(wrong(refused, &name, "given twice")),
            None => return Err(wrong(refused, &name, &unknown(&names))),
        }
    }
    Ok(found)
}

/// Says what is wrong with a part of the request, and which.
pub(super) fn wrong(status: StatusCode, name: &str, reason: &str) -> Problem {
    let name = cut(name);
    Problem::new(status, format!("{name}: {reason}")).with("field", name)
}

fn unknown(names: &[&str]) -> String {
    format!("not known here; known are {}", names.join(", "))
}

fn cut(name: &str) -> &str {
    match name.char_indices().nth(TOLD) {
        Some((end, _)) => name.get(..end).unwrap_or_default(),
        None => name,
    }
}
