//! What promtool cannot be asked: where a template is refused, and what bounds one.

use proptest::prelude::*;

use super::*;
use crate::samples::parse_exposition;

fn filled(text: &str) -> String {
    let samples = parse_exposition("m{a=\"x\"} 2\n").unwrap();
    Template::parse(text).unwrap().fill(&samples.iter().next().unwrap())
}

#[test]
fn what_is_refused_is_refused_where_it_stands() {
    for (text, at, message) in [
        ("a {{ shout 1 }}", 5, "`shout` is not supported"),
        ("{{ $nothing }}", 3, "`$nothing` is not known"),
        ("{{ if true }}x", 3, "`if` without its `end`"),
        ("x{{ end }}", 4, "nothing is open"),
        ("{{ if true }}{{ else }}{{ else }}{{ end }}", 26, "expected `end`"),
        ("{{ $value", 9, "an action without `}}`"),
        ("{{ \"x }}", 3, "without its closing quote"),
        ("{{ 5 | 6 }}", 3, "expected a function behind `|`"),
        ("{{ (1 }}", 6, "expected `)`"),
        ("{{ nil }}", 7, "`nil` cannot stand alone"),
        ("{{ break }}", 3, "outside a `range`"),
        ("{{ define \"x\" }}{{ end }}", 3, "`define` is not supported"),
        ("{{/* x */ }}", 2, "right behind the comment"),
        ("{{ 09 }}", 3, "is not a number"),
        ("{{ \"a\"\"b\" }}", 6, "expected a space"),
    ] {
        let refused = Template::parse(text).unwrap_err();
        assert!(refused.message.contains(message), "{text}: {refused:?}");
        assert_eq!(refused.at, at, "{text}: {refused:?}");
    }
}

#[test]
fn nesting_and_length_are_bounded() {
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(Template::parse(&deep).unwrap_err().message, "nested too deep");
    let deep = "{{ if true }}".repeat(100_000);
    assert_eq!(Template::parse(&deep).unwrap_err().message, "nested too deep");
    let long = format!("{}{{{{ $value }}}}", "x".repeat(64 * 1024));
    assert!(filled(&long).starts_with("<error expanding template: the text is longer"));
    assert!(filled("{{ printf \"%99999d\" 1 }}").starts_with("<error expanding template: "));
    let doubled = format!("{{{{ $x := \"12345678\" }}}}{}", "{{ $x = print $x $x }}".repeat(60));
    assert!(filled(&doubled).starts_with("<error expanding template: "), "no text doubles for ever");
}

#[test]
fn a_label_that_is_set_anew_is_no_longer_the_alerts() {
    assert_eq!(filled("{{ with $labels := .Value }}{{ $labels }}{{ end }}{{ $labels.a }}"), "2x");
}

proptest! {
    #[test]
    fn whatever_a_template_holds_nothing_panics(
        text in prop::collection::vec(
            prop::sample::select(vec![
                "{{", "}}", "{{- ", " -}}", " ", "if ", "else", "end", "range ", "with ", "$value", "$labels", ".a", ".",
                "$x", " := ", " = ", ", ", "|", "(", ")", "printf ", "\"%*.3d%q%x\" ", "`%+v`", "1", "2.5", "-3", "1e9 ",
                "humanize ", "title ", "index ", "len ", "eq ", "and ", "nil", "true", "'c'", "\"\\u00e9\"", "toTime ",
                "/*", "*/", "ü", "break", "reReplaceAll ", "\"(\" ", "print ", "stripDomain ", "\n",
            ]),
            0..40,
        ),
    ) {
        let text = text.concat();
        if Template::parse(&text).is_ok() {
            prop_assert!(filled(&text).len() <= 64 * 1024 + 100);
        }
    }
}
