//! W3C Trace Context (level 2): what came, what is ours, and what goes on to other services.

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use super::state;
use crate::ids::{Digits, Ids};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const SAMPLED: u8 = 1;
/// The trace id is random enough to sample by.
const RANDOM: u8 = 2;

/// What names one trace over all services that took part in it; the log has it as `trace_id`.
///
/// [`RequestLogLayer::trace_id_in_response`](crate::RequestLogLayer::trace_id_in_response) lays it into the extensions of
/// each response, for layers outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId(Digits<32>);

impl TraceId {
    /// Borrows its 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The place of a request in its trace, for calls to other services.
///
/// [`RequestLog`](crate::RequestLog) lays it into the extensions of each request, so that a handler can take it from there
/// (with axum as `Extension<TraceContext>`).
///
/// ```
/// use http::HeaderMap;
/// use ms_logging::TraceContext;
///
/// fn call_the_laboratory(context: &TraceContext) {
///     let mut headers = HeaderMap::new();
///     context.inject(&mut headers);
///     // … send a request with these headers: its trace is ours, and its parent the span of this request.
/// }
/// ```
#[derive(Debug, Clone)]
pub struct TraceContext {
    ids: Ids,
    flags: u8,
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// Goes on with the trace of a valid `traceparent`; begins one otherwise.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(TRACEPARENT).iter();
        let only = values.next().filter(|_| values.next().is_none());
        match only.and_then(|value| value.to_str().ok()).and_then(parse) {
            Some((trace, parent, flags)) => Self {
                ids: Ids::below(trace, parent, flags & SAMPLED != 0),
                flags: flags & (SAMPLED | RANDOM),
                state: state::of(headers.get_all(TRACESTATE).iter()),
            },
            None => Self { ids: Ids::root(), flags: SAMPLED | RANDOM, state: None },
        }
    }

    pub(crate) fn ids(&self) -> Ids {
        self.ids
    }

    /// The id of the whole trace.
    pub fn trace_id(&self) -> TraceId {
        TraceId(self.ids.trace)
    }

    /// The 16 hexadecimal digits of this request's own span.
    pub fn span_id(&self) -> &str {
        self.ids.span.as_str()
    }

    /// Whether whoever began the trace wants it recorded.
    pub fn is_sampled(&self) -> bool {
        self.ids.sampled
    }

    /// The header `traceparent` of a call to another service, with this request's span as the parent.
    pub fn traceparent(&self) -> HeaderValue {
        let mut bytes = Vec::with_capacity(55);
        bytes.extend_from_slice(b"00-");
        bytes.extend_from_slice(self.ids.trace.as_str().as_bytes());
        bytes.push(b'-');
        bytes.extend_from_slice(self.span_id().as_bytes());
        bytes.extend_from_slice(b"-0");
        bytes.push(b'0' + self.flags);
        HeaderValue::try_from(bytes).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// The header `tracestate` as it came, if it was valid: at most 32 entries and 512 bytes, else the entries that fit.
    pub fn tracestate(&self) -> Option<&HeaderValue> {
        self.state.as_ref()
    }

    /// Sets `traceparent` and `tracestate` for a call to another service.
    pub fn inject(&self, headers: &mut HeaderMap) {
        headers.insert(TRACEPARENT, self.traceparent());
        match &self.state {
            Some(state) => drop(headers.insert(TRACESTATE, state.clone())),
            None => drop(headers.remove(TRACESTATE)),
        }
    }
}

/// `version-traceid-parentid-flags`; a later version may append more behind another `-`.
fn parse(header: &str) -> Option<(Digits<32>, Digits<16>, u8)> {
    let mut parts = header.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if byte(version)? == 0xff || (version == "00" && parts.next().is_some()) {
        return None;
    }
    Some((Digits::parse(trace)?, Digits::parse(parent)?, byte(flags)?))
}

/// Two lower-case digits.
fn byte(text: &str) -> Option<u8> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == 2 && text.bytes().all(is_digit)).then(|| u8::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn of(traceparent: &str) -> TraceContext {
        TraceContext::of(&headers(&[("traceparent", traceparent), ("tracestate", "a=1")]))
    }

    #[test]
    fn a_valid_parent_is_followed_by_a_span_of_our_own() {
        for (given, flags) in [
            (format!("00-{TRACE}-{PARENT}-01"), "01"),
            (format!("00-{TRACE}-{PARENT}-00"), "00"),
            (format!("00-{TRACE}-{PARENT}-03"), "03"),
            (format!("00-{TRACE}-{PARENT}-ff"), "03"),
            (format!("01-{TRACE}-{PARENT}-01"), "01"),
            (format!("fe-{TRACE}-{PARENT}-01-more-and-more"), "01"),
        ] {
            let context = of(&given);
            assert_eq!(context.trace_id().as_str(), TRACE, "{given}");
            assert_ne!(context.span_id(), PARENT);
            assert_eq!(context.ids().parent.unwrap().as_str(), PARENT);
            assert_eq!(context.is_sampled(), flags.ends_with(['1', '3']), "{given}");
            let expected = format!("00-{TRACE}-{}-{flags}", context.span_id());
            assert_eq!(context.traceparent(), expected, "{given}");
            assert_eq!(context.tracestate().unwrap(), "a=1");
        }
    }

    #[test]
    fn anything_else_begins_a_trace_and_drops_the_state() {
        for odd in [
            String::new(),
            format!("00-{TRACE}-{PARENT}"),
            format!("00-{TRACE}-{PARENT}-"),
            format!("00-{TRACE}-{PARENT}-1"),
            format!("00-{TRACE}-{PARENT}-+1"),
            format!("00-{TRACE}-{PARENT}-01-"),
            format!("00-{TRACE}-{PARENT}-01-more"),
            format!("01-{TRACE}-{PARENT}-01.more"),
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("0-{TRACE}-{PARENT}-01"),
            format!("0A-{TRACE}-{PARENT}-01"),
            format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{}-01", PARENT.to_uppercase()),
            format!("00-{}-{PARENT}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}-{PARENT}-0A"),
            format!("00-{TRACE} -{PARENT}-01"),
            format!("00_{TRACE}_{PARENT}_01"),
        ] {
            let context = of(&odd);
            assert_ne!(context.trace_id().as_str(), TRACE, "{odd}");
            assert_eq!(context.ids().parent, None, "{odd}");
            assert!(context.is_sampled() && context.tracestate().is_none(), "{odd}");
        }
    }

    #[test]
    fn two_parents_are_none() {
        let parent = format!("00-{TRACE}-{PARENT}-01");
        let context = TraceContext::of(&headers(&[("traceparent", &parent), ("traceparent", &parent)]));
        assert_ne!(context.trace_id().as_str(), TRACE);
    }

    #[test]
    fn what_goes_on_replaces_what_was_there() {
        let mut outgoing = headers(&[("traceparent", "old"), ("tracestate", "old=1")]);
        let fresh = TraceContext::of(&HeaderMap::new());
        fresh.inject(&mut outgoing);
        assert_eq!(outgoing["traceparent"], fresh.traceparent());
        assert!(!outgoing.contains_key("tracestate"));
        let read = TraceContext::of(&outgoing);
        assert_eq!(read.trace_id(), fresh.trace_id());
        assert_eq!(read.ids().parent.unwrap().as_str(), fresh.span_id());
    }
}
