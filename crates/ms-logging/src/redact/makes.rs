//! Tokens that well-known services make, known by how they begin.
//!
//! From what the services publish: GitHub "About authentication" (token formats), GitLab "Token overview" (prefixes),
//! Stripe "API keys", Slack "Token types", AWS IAM "Unique identifiers", and the like of the others.

use super::Kind;
use super::rules::Found;

/// How they begin, and how long they are at least.
pub(super) const MAKES: [(&str, usize); 68] = [
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("gloas-", 20),
    ("gldt-", 20),
    ("glrt-", 20),
    ("glcbt-", 20),
    ("glptt-", 20),
    ("glft-", 20),
    ("glimt-", 20),
    ("glagent-", 20),
    ("glsoat-", 20),
    ("glsa_", 30),
    ("sk_live_", 20),
    ("sk_test_", 20),
    ("rk_live_", 20),
    ("rk_test_", 20),
    ("whsec_", 20),
    // OpenAI, Anthropic and others.
    ("sk-", 24),
    ("gsk_", 24),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xoxa-", 20),
    ("xoxr-", 20),
    ("xoxs-", 20),
    ("xoxe-", 20),
    ("xoxe.", 20),
    ("xapp-", 20),
    ("xwfp-", 20),
    ("AKIA", 20),
    ("ASIA", 20),
    ("AIza", 30),
    ("GOCSPX-", 24),
    ("ya29.", 24),
    ("npm_", 36),
    ("pypi-", 40),
    ("rubygems_", 40),
    ("SG.", 40),
    // DigitalOcean.
    ("dop_v1_", 40),
    ("doo_v1_", 40),
    ("dor_v1_", 40),
    // Vault.
    ("hvs.", 24),
    ("hvb.", 24),
    ("hvr.", 24),
    ("hf_", 30),
    ("shpat_", 24),
    ("shpca_", 24),
    ("shppa_", 24),
    ("shpss_", 24),
    ("dckr_pat_", 24),
    ("lin_api_", 24),
    ("PMAK-", 40),
    ("sbp_", 40),
    ("sq0csp-", 30),
    ("sq0atp-", 24),
    ("NRAK-", 24),
    ("ATATT3", 30),
    ("tskey-", 24),
    ("figd_", 24),
    ("sntrys_", 40),
    ("AGE-SECRET-KEY-", 40),
    ("EAACEdEose0cBA", 30),
    ("pul-", 40),
    ("cfut_", 40),
];

/// Whether a word may be one, by its first three letters.
pub(super) fn begins(word: &[u8]) -> bool {
    let Some(three) = word.get(..3) else { return false };
    matches!(
        three,
        [b'g', b'h', b'p' | b'o' | b'u' | b's' | b'r']
            | [b'g', b'l', b'p' | b'o' | b'd' | b'r' | b'c' | b'f' | b'i' | b'a' | b's']
            | [b's' | b'r', b'k', b'_' | b'-']
            | [b'x', b'o', b'x']
            | [b'd', b'o', b'p' | b'o' | b'r']
            | [b'h', b'v', b's' | b'b' | b'r']
            | b"git"
            | b"gsk"
            | b"whs"
            | b"xap"
            | b"xwf"
            | b"AKI"
            | b"ASI"
            | b"AIz"
            | b"GOC"
            | b"ya2"
            | b"npm"
            | b"pyp"
            | b"rub"
            | b"SG."
            | b"hf_"
            | b"shp"
            | b"dck"
            | b"lin"
            | b"PMA"
            | b"sbp"
            | b"sq0"
            | b"NRA"
            | b"ATA"
            | b"tsk"
            | b"fig"
            | b"snt"
            | b"AGE"
            | b"EAA"
            | b"pul"
            | b"cfu"
    )
}

/// Looks at the word that begins at `at`.
pub(super) fn at(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let rest = text.get(at..).filter(|rest| at >= found.token_end && begins(rest.as_bytes()))?;
    let first = *rest.as_bytes().first()?;
    let mut makes = MAKES.iter().filter(|(make, _)| make.as_bytes().first() == Some(&first));
    let (make, shortest) = makes.find(|(make, _)| rest.starts_with(make))?;
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = rest.bytes().take_while(fits).count();
    let token = rest.get(..length)?.trim_end_matches('.');
    let drawn = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    if !token.get(make.len()..)?.bytes().any(drawn) {
        // Names of files and classes may begin so too, but are in small letters. Nor is a part of one a token.
        found.token_end = at + length;
        return None;
    }
    (token.len() >= *shortest).then(|| found.add(Kind::Bearer, at, at + token.len()))?;
    Some(at + token.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::keys::Keys;

    #[test]
    fn every_one_begins_so() {
        for (make, _) in MAKES {
            assert!(begins(make.as_bytes()), "{make}");
        }
        for word in ["finished", "request", "shift", "sk", "rows", ""] {
            assert!(!begins(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn tokens_are_known_and_names_are_not() {
        for token in ["ghp_abcdefghijklm0123456789", "glpat-AbCdEfGhIjKlMnOpQrSt", "AKIAIOSFODNN7EXAMPLE"] {
            assert_eq!(look(&format!("{token}/x")), Some(token.len()), "{token}");
        }
        for name in
            ["sk-loading-indicator-wrapper-large", "hf_transformers_cache_directory", "ghp_short1", "AKIA"]
        {
            assert_eq!(look(name), None, "{name}");
        }
    }

    fn look(text: &str) -> Option<usize> {
        at(text, 0, &mut Found::none(&Keys::default()))
    }
}
