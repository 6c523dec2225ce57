//! English and Turkish.

use axum::http::{HeaderMap, header};

/// The language of the page. A sentence and its translation stand where it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Turkish,
}

impl Language {
    pub(super) const fn code(self) -> &'static str {
        self.say("en", "tr")
    }

    pub(super) const fn say(self, english: &'static str, turkish: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::Turkish => turkish,
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::English => Self::Turkish,
            Self::Turkish => Self::English,
        }
    }

    /// What the reader chose, `?lang=tr`, or what the browser prefers; English otherwise.
    pub(super) fn of(query: Option<&str>, headers: &HeaderMap) -> Self {
        let chosen = query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| match pair {
            "lang=tr" => Some(Self::Turkish),
            "lang=en" => Some(Self::English),
            _ => None,
        });
        chosen.unwrap_or_else(|| preferred(headers))
    }
}

/// RFC 9110, 12.5.4: the highest weight wins, the first of equals; `tr-TR` is Turkish, too.
fn preferred(headers: &HeaderMap) -> Language {
    let mut best = (0.0, Language::English);
    let values = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    for range in values.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().split('-').next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
        let language = match name.to_ascii_lowercase().as_str() {
            "tr" => Language::Turkish,
            "en" => Language::English,
            _ => continue,
        };
        // What is no number is no preference.
        if let Some(weight) = weight.filter(|weight: &f32| *weight > best.0 && *weight <= 1.0) {
            best = (weight, language);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_first_choice_of_the_two_is_taken_unless_the_reader_chose() {
        let of = |query: Option<&str>, accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accept.parse().expect("a value"));
            Language::of(query, &headers).code()
        };
        for (accept, code) in [
            ("tr-TR,tr;q=0.9,en-US;q=0.8", "tr"),
            ("en-US,en;q=0.9,tr;q=0.8", "en"),
            ("de, tr;q=0.2, en;q=0.1", "tr"),
            ("TR", "tr"),
            ("tr;q=0", "en"),
            ("tr;q=x,en;q=0.1", "en"),
            ("tr;q=9", "en"),
            ("*", "en"),
            ("", "en"),
        ] {
            assert_eq!(of(None, accept), code, "{accept}");
        }
        assert_eq!(of(Some("x=1&lang=en"), "tr"), "en");
        assert_eq!(of(Some("lang=tr"), "en"), "tr");
        assert_eq!(of(Some("lang=xx"), "tr"), "tr");
        assert_eq!(Language::of(None, &HeaderMap::new()).code(), "en");
    }
}
