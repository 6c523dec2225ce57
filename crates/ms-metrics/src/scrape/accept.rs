//! What a client wants: RFC 9110, sections 12.4 and 12.5.

use http::HeaderMap;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName};

use super::offer::Offer;

/// Thousandths, as `q` has three digits.
type Quality = u16;
const MOST: Quality = 1000;

/// A way to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) offer: Offer,
    pub(super) is_gzip: bool,
}

impl Choice {
    /// Text and no compression, unless the client says that it would rather have something else: one of the `richer`,
    /// the last of them first.
    pub(super) fn of(headers: &HeaderMap, richer: &[Offer]) -> Self {
        Self { offer: offer(headers, richer), is_gzip: is_gzip(headers) }
    }
}

/// How much one kind of answer is wanted, and how exactly it was named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wish {
    exactness: u8,
    quality: Quality,
}

fn offer(headers: &HeaderMap, richer: &[Offer]) -> Offer {
    let mut best = (Offer::TEXT, wish(headers, Offer::TEXT));
    for offer in richer {
        let wish = wish(headers, *offer);
        // What a wildcard lets through was not asked for; of two that are named it is the one that can say more.
        let is_named = wish.exactness >= best.1.exactness && wish.exactness > 1 && wish.quality > 0;
        if wish.quality > best.1.quality || (wish.quality == best.1.quality && is_named) {
            best = (*offer, wish);
        }
    }
    best.0
}

/// Finds the quality of the range that names the media type most exactly.
fn wish(headers: &HeaderMap, offer: Offer) -> Wish {
    let (media_type, known) = offer.media_type();
    let (major, _) = media_type.split_once('/').unwrap_or_default();
    let mut wish = Wish::default();
    for element in elements(headers, ACCEPT) {
        let mut parts = split(element, b';').map(str::trim);
        let range = parts.next().unwrap_or_default();
        let mut exactness = match range {
            "*/*" => 1,
            _ if range.eq_ignore_ascii_case(media_type) => 3,
            _ => match range.split_once('/') {
                Some((range, "*")) if range.eq_ignore_ascii_case(major) => 2,
                _ => continue,
            },
        };
        let mut quality = Some(MOST);
        let mut is_another = false;
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let (name, value) = (name.trim(), value.trim().trim_matches('"'));
            if name.eq_ignore_ascii_case("q") {
                quality = self::quality(value);
                // What follows belongs to the negotiation and not to the type.
                break;
            }
            if let Some((_, known)) = known.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)) {
                is_another |= value != *known;
                exactness += 1;
            }
        }
        if let Some(quality) = quality
            && !is_another
            && (exactness > wish.exactness || (exactness == wish.exactness && quality > wish.quality))
        {
            wish = Wish { exactness, quality };
        }
    }
    wish
}

fn is_gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    for element in elements(headers, ACCEPT_ENCODING) {
        let (coding, parameters) = element.split_once(';').unwrap_or((element, ""));
        let quality = match parameters.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("q") => quality(value.trim()),
            _ => Some(MOST),
        };
        match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => gzip = quality,
            "identity" => identity = quality,
            "*" => any = quality,
            _ => {}
        }
    }
    // Nobody need name identity; who names neither gets it.
    let identity = identity.or(any);
    match gzip {
        Some(gzip) => gzip > 0 && identity.is_none_or(|identity| gzip >= identity),
        None => identity == Some(0) && any.is_some_and(|any| any > 0),
    }
}

/// The elements of a list, over however many headers it is spread.
fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| split(value, b',')).map(str::trim).filter(|element| !element.is_empty())
}

/// Splits where the byte does not stand between quotes.
fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut is_quoted, mut is_escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            let was_escaped = std::mem::take(&mut is_escaped);
            match byte {
                b'\\' if is_quoted && !was_escaped => is_escaped = true,
                b'"' if !was_escaped => is_quoted = !is_quoted,
                _ => return byte == separator && !is_quoted,
            }
            false
        });
        let (part, after) = match end.and_then(|end| text.split_at_checked(end)) {
            Some((part, after)) => (part, after.get(1..)),
            None => (text, None),
        };
        rest = after;
        Some(part)
    })
}

/// Reads `0`, `1`, `0.5`, `1.000`; nothing for what is no quality.
fn quality(text: &str) -> Option<Quality> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse::<Quality>().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(MOST),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn the_format_is_the_one_that_is_wanted_most() {
        let prometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
            text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let with_protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
            application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,\
            text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let third = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
            application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
            text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for (accept, format) in [
            (&[][..], Offer::TEXT),
            (&[""], Offer::TEXT),
            (&["*/*"], Offer::TEXT),
            (&["text/*"], Offer::TEXT),
            (&["application/*"], Offer::OPENMETRICS),
            (&["application/json"], Offer::TEXT),
            (&[browser], Offer::TEXT),
            (&[prometheus], Offer::OPENMETRICS),
            (&[with_protobuf], Offer::OPENMETRICS),
            (&[third], Offer::OPENMETRICS),
            (&["application/openmetrics-text"], Offer::OPENMETRICS),
            (&["Application/OpenMetrics-TEXT ; Version=\"1.0.0\" ; Q=0.1"], Offer::OPENMETRICS),
            (&["application/openmetrics-text; version=0.0.1, text/plain;q=0.5"], Offer::TEXT),
            (&["application/openmetrics-text; version=2.0.0"], Offer::TEXT),
            (&["application/openmetrics-text;q=0"], Offer::TEXT),
            (&["application/openmetrics-text;q=0, */*"], Offer::TEXT),
            (&["application/openmetrics-text;q=0.5, text/plain;q=0.6"], Offer::TEXT),
            (&["text/plain;q=0.5", "application/openmetrics-text;q=0.6"], Offer::OPENMETRICS),
            (&["text/plain, application/openmetrics-text"], Offer::OPENMETRICS),
            (&["text/plain, */*"], Offer::TEXT),
            (&["text/plain;q=0, */*;q=0.1"], Offer::OPENMETRICS),
            (&["application/openmetrics-text;q=1.5"], Offer::TEXT),
            (&["application/openmetrics-text;q=nonsense"], Offer::TEXT),
            (&["text/plain;x=\"a,application/openmetrics-text\""], Offer::TEXT),
            (&["text/plain;x=\"\\\"\", application/openmetrics-text"], Offer::OPENMETRICS),
            (&[";,;q=1,/,*,=;,\""], Offer::TEXT),
        ] {
            assert_eq!(offer(&headers(ACCEPT, accept), &[Offer::OPENMETRICS]), format, "{accept:?}");
        }
    }

    #[cfg(feature = "native-histograms")]
    #[test]
    fn protocol_buffers_are_for_those_who_ask_for_metric_families() {
        let prometheus = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
            application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let offers = [Offer::OPENMETRICS, Offer::Protobuf];
        for (accept, expected) in [
            (prometheus, Offer::Protobuf),
            (&prometheus.replace("delimited", "text"), Offer::OPENMETRICS),
            (&prometheus.replace("MetricFamily", "Metric"), Offer::OPENMETRICS),
            ("application/vnd.google.protobuf", Offer::Protobuf),
            ("application/*", Offer::Protobuf),
            ("*/*", Offer::TEXT),
        ] {
            assert_eq!(offer(&headers(ACCEPT, &[accept]), &offers), expected, "{accept}");
        }
    }

    #[test]
    fn gzip_is_for_those_who_ask_for_it() {
        for (accept, expected) in [
            (&[][..], false),
            (&["gzip"], true),
            (&["deflate, GZIP;q=1.0, *;q=0.5"], true),
            (&["x-gzip"], true),
            (&["gzip;q=0"], false),
            (&["gzip; Q=0.000"], false),
            (&["gzip;q=0.5, identity"], false),
            (&["gzip;q=0.5, identity;q=0.5"], true),
            (&["br", "gzip"], true),
            (&["*"], false),
            (&["identity;q=0, *"], true),
            (&["identity;q=0"], false),
            (&["identity"], false),
            (&["gzip;q=2"], false),
        ] {
            assert_eq!(is_gzip(&headers(ACCEPT_ENCODING, accept)), expected, "{accept:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_a_client_sends_panics(text in "[ -~\\t]{0,60}", bytes: Vec<u8>) {
            for value in [HeaderValue::from_str(&text), HeaderValue::from_bytes(&bytes)].into_iter().flatten() {
                let both = HeaderMap::from_iter([(ACCEPT, value.clone()), (ACCEPT_ENCODING, value)]);
                let choice = Choice::of(&both, &[Offer::OPENMETRICS]);
                prop_assert!(choice.offer == Offer::TEXT || both[ACCEPT].as_bytes().contains(&b'/'));
            }
        }

        #[test]
        fn qualities_are_thousandths(quality in 0..=1000_u16) {
            let text = format!("{}.{:03}", quality / 1000, quality % 1000);
            prop_assert_eq!(super::quality(&text), Some(quality));
        }
    }
}
