//! What a body says that it is.

use axum::http::{HeaderMap, StatusCode, header};

use crate::problem::Problem;

/// Checks the media type, names those that are taken, and refuses bodies that are packed.
///
/// A page of another site may send a form or plain text without asking; it may not send these types.
pub(super) fn require_type(headers: &HeaderMap, taken: &[&'static str]) -> Result<&'static str, Problem> {
    if !is_plain(headers) {
        let detail = "send the body without a Content-Encoding";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let found = only_type(headers).and_then(|sent| {
        let utf8 = sent.params().all(|(name, value)| name != mime::CHARSET || value == mime::UTF_8);
        taken.iter().find(|taken| utf8 && **taken == sent.essence_str())
    });
    found.copied().ok_or_else(|| {
        let detail = format!("send one Content-Type: {}, in UTF-8", taken.join(" or "));
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
    })
}

/// Of two types whoever looks on may believe the other.
fn only_type(headers: &HeaderMap) -> Option<mime::Mime> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else { return None };
    // RFC 9110, 5.6.6: blanks around a semicolon, and semicolons with nothing between them, mean nothing; `mime` takes
    // neither.
    let parts: Vec<_> =
        only.to_str().ok()?.split(';').map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join(";").parse().ok()
}

fn is_plain(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter().map(|value| value.as_bytes());
    let mut codings = codings.flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    codings.all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity"))
}
