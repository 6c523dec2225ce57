//! The first look at a text, which must send on all that any rule finds.

use proptest::prelude::*;
use proptest::sample::select;

use super::{Redactor, redact};
use crate::format::escape::scan;
use crate::redact::view::View;
use crate::redact::{
    Kind, code, endings, id, is_harmless, keys, makes, names, number, patterns, prose, rules,
};

/// What rules look for, spelled without a digit and without a sign as far as that goes.
fn fragment() -> impl Strategy<Value = String> {
    let known = names::NAMES.iter().chain(names::ENDINGS).flat_map(|(_, names)| *names);
    let words: Vec<&str> = known
        .chain(&prose::WORDS)
        .chain(&prose::STEMS)
        .chain(&prose::SHORT)
        .chain(&prose::VAGUE)
        .chain(&prose::KEYS)
        .chain(&prose::LINKS)
        .chain(&code::LAST)
        .chain(&patterns::SCHEMES)
        .chain(makes::MAKES.iter().map(|(make, _)| make))
        .copied()
        .collect();
    let phrases = [
        "şifre",
        "parolası",
        "api ",
        "access ",
        "user ",
        "login ",
        "kullanıcı ",
        "for ",
        " of ayse",
        "unexpected ",
        "identified by ",
        "INSERT INTO t (a, password) VALUES (",
        "VALUES (",
        " in (",
        " like ",
        "mysql ",
        "docker login ",
        "sshpass ",
        "redis-cli ",
        "curl ",
        "-u ",
        "-p ",
        "-p",
        "-a ",
        "--password ",
        "--",
        "-----BEGIN PRIVATE KEY-----",
        "PID|",
        "PID|||||",
        "NK",
        "eyJhbGciOi.eyJzdWIi.abc",
        "Patient { name",
        "patient { ",
        "Some(",
        "Token(",
        "ApiKey(",
        "\u{a0}",
        "\u{1b}[m",
        "\\n",
        "«",
        "“",
        "'",
        "\"",
        "`",
        "\\\"",
        "(\"password\", \"",
        "[\"password\",\"",
        "value \"",
        "hasta ",
        "hasta adı ",
        "surname",
        "[redacted]",
        "[redacted",
        "git",
        "null",
        "true",
    ];
    prop_oneof![
        4 => select(words).prop_map(str::to_owned),
        2 => select(phrases.to_vec()).prop_map(str::to_owned),
        2 => "[a-zA-Z]{1,24}",
        1 => "[a-zğüşıöç]{1,8}[A-Z!$*#][a-z]{2,6}",
        3 => select(vec![" ", " ", "_", "-", ".", ",", "/", "(", ")", "[", "{", "}", "|", "\n", "\\", ";", "!", "$"])
            .prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

fn capitals() -> impl Strategy<Value = String> {
    (fragment(), 0_u8..6).prop_map(|(text, how)| match how {
        0 => text.to_uppercase(),
        1 => {
            let mut letters = text.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        }
        _ => text,
    })
}

fn quiet() -> impl Strategy<Value = String> {
    proptest::collection::vec(capitals(), 1..9).prop_map(|parts| parts.concat())
}

fn loud() -> impl Strategy<Value = String> {
    let sign = select(vec![
        "=",
        ": ",
        "\":\"",
        "=\"",
        "://",
        "@",
        "%40",
        "%2F",
        "%20",
        "&",
        "?key=",
        "->",
        " => ",
        ">",
        "</",
        "&quot;",
        "0532 ",
        "123 45 67",
        "10000000146",
        "100-000-001-46",
        "TR33 0006 1005 1978 6457 8413 26",
        "4111 1111 1111 1111",
        "+90 ",
        "a@b.com",
        "u:p@h:1/",
        "\u{200b}",
        "１０",
        "OTP 4281",
        "PID|1||7||K^A||",
        "\"name\":[{\"family\":\"",
        "https://hooks.slack.com/services/a/b/",
        "-----END",
        "Cookie: a=b; c=",
        "2026-03-04",
        " 12 ",
        "-7",
    ]);
    let part = prop_oneof![capitals(), sign.prop_map(str::to_owned)];
    proptest::collection::vec(part, 1..10).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_the_glance_lets_pass_no_rule_finds(text in quiet()) {
        let classes = scan(text.as_bytes());
        if is_harmless(&text, classes) {
            let view = View::of(&text, true);
            let found = rules::find(&view, &keys::Keys::default());
            prop_assert!(found.is_empty(), "{:?} in {:?}", found, text);
        }
    }

    #[test]
    fn no_rule_finds_anything_in_a_uuid(
        uuid in prop_oneof![
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "[0-9]{8}-[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{12}",
            "[0-9A-F]{4}(DE|BE|AE)[0-9]{2}-[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{12}",
        ],
    ) {
        prop_assert!(id::is_one(&uuid));
        let found = rules::find(&View::of(&uuid, true), &keys::Keys::default());
        prop_assert!(found.is_empty(), "{:?} in {}", found, uuid);
    }

    #[test]
    fn what_is_passed_over_at_a_glance_is_nothing(text in loud()) {
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            if byte.is_ascii_digit() {
                let end = number::behind(bytes, at);
                prop_assert!(!number::is_nothing(bytes, at, end) || number::end_of_few(bytes, at) == Some(end));
            }
            prop_assert!(!endings::SIGNED_ENDS.is_other(bytes, at) || !endings::SIGNED_ENDS.end_before(&bytes[..at]));
        }
    }

    #[test]
    fn a_second_time_changes_nothing_of_what_rules_look_for(text in loud()) {
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once);
    }

    /// Who cuts a text by its spans and looks again has what `redact` gives.
    #[test]
    fn spans_and_the_redacted_text_agree(text in loud()) {
        let redactor = Redactor::default();
        let (mut cut, mut kept) = (String::new(), 0);
        for span in redactor.spans(&text) {
            prop_assert!(span.kind != Kind::Failed);
            cut.push_str(&text[kept..span.start]);
            cut.push_str("[redacted]");
            kept = span.end;
        }
        cut.push_str(&text[kept..]);
        prop_assert_eq!(redactor.redact(&cut).into_owned(), redact(&text));
        prop_assert_eq!(redactor.spans_of_bytes(text.as_bytes()), redactor.spans(&text));
    }
}
