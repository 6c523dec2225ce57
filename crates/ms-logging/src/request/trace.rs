//! W3C trace context.

use std::sync::Arc;

use http::HeaderMap;

use super::id::random_hex;

/// What names one trace over all services that took part in it; the log has it as `trace_id`.
///
/// [`RequestLog`](crate::RequestLog) lays it into the extensions of each response, for layers outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceId(Arc<str>);

impl TraceId {
    /// Takes the id of a valid `traceparent` over; makes one otherwise.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all("traceparent").iter();
        let only = values.next().filter(|_| values.next().is_none());
        let given = only.and_then(|value| value.to_str().ok()).and_then(parse);
        Self(given.map_or_else(|| random_hex().into(), Arc::from))
    }

    /// Borrows its 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `version-traceid-parentid-flags`; a later version may append more.
fn parse(header: &str) -> Option<&str> {
    let mut parts = header.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    let valid = is_hex(version, 2)
        && version != "ff"
        && is_hex(trace, 32)
        && is_hex(parent, 16)
        && is_hex(flags, 2)
        && !is_zero(trace)
        && !is_zero(parent)
        && (version != "00" || parts.next().is_none());
    valid.then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn only_valid_parents_are_followed() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(parse(&format!("00-{trace}-00f067aa0ba902b7-01")), Some(trace));
        assert_eq!(parse(&format!("01-{trace}-00f067aa0ba902b7-01-more")), Some(trace));
        for odd in [
            String::new(),
            format!("00-{trace}-00f067aa0ba902b7"),
            format!("00-{trace}-00f067aa0ba902b7-01-more"),
            format!("ff-{trace}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
        ] {
            assert_eq!(parse(&odd), None, "{odd}");
        }
    }
}
