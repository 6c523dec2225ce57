use proptest::prelude::*;

use super::compile;

#[test]
fn patterns_mean_what_they_mean_in_go() {
    for (pattern, matching, others) in [
        ("", vec![""], vec!["x"]),
        ("x|yz", vec!["x", "yz"], vec!["xz", "xyz", "ax", "yzb"]),
        ("5..", vec!["500", "5ü\n"], vec!["50", "5000"]),
        ("\\d+", vec!["42"], vec!["٤٢", "4a"]),
        ("\\w*", vec!["aZ_9", ""], vec!["ä", "a-b"]),
        ("[a&&b]+", vec!["a", "b", "&"], vec!["c", ""]),
        ("[a[b]", vec!["a", "[", "b"], vec!["]"]),
        ("[]a-c-]+", vec!["]", "b", "-"], vec!["d"]),
        ("[^\\d\\]]", vec!["a"], vec!["1", "]"]),
        ("[+--]", vec!["+", ",", "-"], vec!["."]),
        ("a{2}b{1,}", vec!["aab", "aabbb"], vec!["ab", "aa"]),
        ("a{,2}{", vec!["a{,2}{"], vec!["aa"]),
        ("(?i)abc", vec!["ABC"], vec!["ab"]),
        ("(?i:A)b", vec!["ab"], vec!["aB"]),
        ("((?i)a(b)(?:c))", vec!["abc", "ABC"], vec!["ab"]),
        ("\\)[)(]\\(", vec![")((", "))("], vec![")("]),
        ("a b#c", vec!["a b#c"], vec!["ab"]),
        ("<a>~@!%'\"", vec!["<a>~@!%'\""], vec!["a"]),
        ("\\<\\>\\-\\/", vec!["<>-/"], vec![""]),
        ("^a$|b", vec!["a", "b"], vec!["ab"]),
        ("a.*\\bc", vec!["a c"], vec!["abc"]),
    ] {
        let regex = compile(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}"));
        for text in matching {
            assert!(regex.is_match(text), "{pattern} {text}");
        }
        for text in others {
            assert!(!regex.is_match(text), "{pattern} {text}");
        }
    }
}

#[test]
fn what_is_not_surely_the_same_is_refused() {
    for pattern in [
        "(",
        ")",
        ")a(",
        ").\\w(",
        "a|b)|(c",
        "(?i)a)(",
        "(a",
        "*a",
        "a**",
        "a+*",
        "a{2}{3}",
        "[",
        "[a",
        "[z-a]",
        "\\",
        "[[:alpha:]]",
        "\\pN",
        "\\B",
        "\\Qa\\E",
        "\\101",
        "\\x41",
        "(?P<a>b)",
        "(?<a>b)",
        "(?U)a",
        "(?x)a",
        "(?=a)",
        "(?",
        "(?i",
        "a{1001}",
        "((((((a{99}){99}){99}){99}){99}){99})",
    ] {
        assert!(compile(pattern).is_err(), "{pattern}");
    }
}

proptest! {
    #[test]
    fn any_pattern_is_compiled_or_refused(pattern in any::<String>()) {
        let _ = compile(&pattern);
    }

    #[test]
    fn an_escaped_text_matches_itself_alone(text in "[ -~üé\n]{1,12}", other in "[ -~üé\n]{1,12}") {
        let escape = |c: char| if c.is_ascii_punctuation() { format!("\\{c}") } else { c.to_string() };
        let regex = compile(&text.chars().map(escape).collect::<String>()).unwrap();
        prop_assert!(regex.is_match(&text));
        prop_assert_eq!(regex.is_match(&other), text == other);
    }
}
