//! The language of the status page.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::HeaderName;

use crate::report::Reason;
use crate::status::Status;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Turkish,
}

/// What the page says besides statuses and reasons.
pub(super) struct Words {
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) critical: &'static str,
    pub(super) starting: &'static str,
    pub(super) shutting_down: &'static str,
    pub(super) last_hour: &'static str,
    pub(super) hour_ago: &'static str,
    pub(super) now: &'static str,
    pub(super) nothing_ran: &'static str,
    pub(super) took: &'static str,
    pub(super) asked: &'static str,
    pub(super) lasting: &'static str,
    pub(super) seconds: &'static str,
    pub(super) minutes: &'static str,
    pub(super) hours: &'static str,
    pub(super) days: &'static str,
    pub(super) no_checks: &'static str,
    pub(super) withheld: &'static str,
}

const ENGLISH: Words = Words {
    code: "en",
    title: "Health",
    critical: "critical",
    starting: "The service is starting.",
    shutting_down: "The service is shutting down.",
    last_hour: "The last hour",
    hour_ago: "1 h ago",
    now: "now",
    nothing_ran: "not checked",
    took: "took",
    asked: "since the last run",
    lasting: "so for",
    seconds: "s",
    minutes: "min",
    hours: "h",
    days: "d",
    no_checks: "There are no checks.",
    withheld: "Details are for those with the token.",
};

const TURKISH: Words = Words {
    code: "tr",
    title: "Sağlık",
    critical: "kritik",
    starting: "Servis başlıyor.",
    shutting_down: "Servis kapanıyor.",
    last_hour: "Son bir saat",
    hour_ago: "1 sa önce",
    now: "şimdi",
    nothing_ran: "denetlenmedi",
    took: "sürdü",
    asked: "son denetimden bu yana",
    lasting: "bu durumda",
    seconds: "sn",
    minutes: "dk",
    hours: "sa",
    days: "gün",
    no_checks: "Tanımlı denetim yok.",
    withheld: "Ayrıntılar anahtarı olanlara gösterilir.",
};

impl Language {
    /// Turkish where it is wanted more than English; English otherwise.
    pub(crate) fn accepted(headers: &HeaderMap, accept: HeaderName) -> Self {
        let (mut turkish, mut english) = (0.0_f32, 0.0_f32);
        for value in headers.get_all(accept).iter().filter_map(|value| value.to_str().ok()) {
            for item in value.split(',') {
                let mut parts = item.split(';').map(str::trim);
                let tag = parts.next().unwrap_or("");
                let weight =
                    parts.find_map(|part| part.strip_prefix("q=")?.trim().parse().ok()).unwrap_or(1.0);
                let primary = tag.split('-').next().unwrap_or("");
                if primary.eq_ignore_ascii_case("tr") {
                    turkish = turkish.max(weight);
                } else if primary.eq_ignore_ascii_case("en") {
                    english = english.max(weight);
                }
            }
        }
        if turkish > english { Self::Turkish } else { Self::English }
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Turkish => &TURKISH,
        }
    }

    pub(super) fn status(self, status: Status) -> &'static str {
        match (self, status) {
            (Self::English, status) => status.as_str(),
            (Self::Turkish, Status::Healthy) => "sağlıklı",
            (Self::Turkish, Status::Degraded) => "kısıtlı",
            (Self::Turkish, Status::Unknown) => "bilinmiyor",
            (Self::Turkish, Status::Unhealthy) => "arızalı",
        }
    }

    /// The machine's values have names; those of other checks are their own.
    pub(super) fn reading(self, name: &str) -> Cow<'_, str> {
        match (self, name) {
            (_, "cpu_usage") => Cow::Borrowed("CPU"),
            (Self::English, "memory_usage") => Cow::Borrowed("memory"),
            (Self::English, "disk_usage") => Cow::Borrowed("disk"),
            (Self::Turkish, "memory_usage") => Cow::Borrowed("bellek"),
            (Self::Turkish, "disk_usage") => Cow::Borrowed("disk"),
            (_, other) => Cow::Owned(other.replace('_', " ")),
        }
    }

    pub(super) fn reason(self, reason: Reason) -> &'static str {
        match (self, reason) {
            (Self::English, Reason::Failed) => "failed",
            (Self::English, Reason::Timeout) => "did not answer in time",
            (Self::English, Reason::Panicked) => "panicked",
            (Self::English, Reason::Limit) => "past a limit",
            (Self::English, Reason::Silent) => "no sign of life",
            (Self::English, Reason::NotRun) => "could not be checked",
            (Self::Turkish, Reason::Failed) => "hata verdi",
            (Self::Turkish, Reason::Timeout) => "zamanında yanıt vermedi",
            (Self::Turkish, Reason::Panicked) => "çöktü",
            (Self::Turkish, Reason::Limit) => "sınırı aştı",
            (Self::Turkish, Reason::Silent) => "yaşam belirtisi yok",
            (Self::Turkish, Reason::NotRun) => "denetlenemedi",
        }
    }
}
