//! The query string, read strictly: what cannot be decoded would otherwise be a filter that finds nothing.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::named::{pick, wrong};
use crate::problem::Problem;

/// The parameters of a request, by name.
#[derive(Clone, Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Takes the parameters of these names; any other, or one given twice, is refused with 400.
    pub(super) fn take<const N: usize>(
        self,
        names: [&'static str; N],
    ) -> Result<[Option<String>; N], Problem> {
        pick(self.0, names, StatusCode::BAD_REQUEST)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pieces = parts.uri.query().unwrap_or_default().split('&').filter(|piece| !piece.is_empty());
        pieces.map(parameter).collect::<Result<_, _>>().map(Self)
    }
}

/// A parameter that cannot be used.
pub(super) fn bad(name: &'static str, reason: &str) -> Problem {
    wrong(StatusCode::BAD_REQUEST, name, reason)
}

fn parameter(piece: &str) -> Result<(String, String), Problem> {
    let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
    let malformed = |name: &str| wrong(StatusCode::BAD_REQUEST, name, "not percent-encoded UTF-8");
    let name = decode(name).ok_or_else(|| malformed(name))?;
    let value = decode(value).ok_or_else(|| malformed(&name))?;
    Ok((name, value))
}

/// Decodes as a form does, `+` for a space, but takes no `%` that begins nothing and no bytes that are not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}
