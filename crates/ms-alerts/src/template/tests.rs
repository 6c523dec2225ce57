//! What promtool cannot be asked: where a template is refused, and what bounds one.

use proptest::prelude::*;

use super::*;
use crate::samples::parse_exposition;
use crate::tracked::View;

fn filled(text: &str) -> String {
    filled_for("m{a=\"x\"} 2\n", text)
}

fn filled_for(exposition: &str, text: &str) -> String {
    let samples = parse_exposition(exposition).unwrap();
    let template = Template::parse(text).unwrap();
    let external = External::default();
    #[cfg(feature = "rules")]
    let history = {
        let mut asked = crate::samples::Asked::default();
        template.ask(&mut asked);
        let mut history = crate::samples::History::new(asked, crate::samples::Limits::default());
        history.record(&samples, crate::state::Now::read());
        history
    };
    let view = View {
        samples: &samples,
        external: &external,
        #[cfg(feature = "rules")]
        unseen: &crate::unseen::Unseen::default(),
        #[cfg(feature = "rules")]
        history: &history,
        #[cfg(feature = "rules")]
        dialect: crate::promql::Dialect::default(),
    };
    let wall = jiff::Timestamp::now().as_millisecond();
    template.fill(&samples.iter().next().unwrap(), &Scene { view: &view, wall })
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

#[cfg(feature = "rules")]
#[test]
fn what_queries_look_back_at_is_kept_if_it_is_known_at_load() {
    for text in [
        "{{ query \"count_over_time(m[1h])\" | first | value }}",
        "{{ \"count_over_time(m[1h])\" | query | first | value }}",
        "{{ (query (printf \"count_over_time(m{a='%s'}[1h])\" .Labels.a) | first).Value }}",
        "{{ with printf \"count_over_time(m{a=%q}[%dm])\" $labels.a 1 | query }}{{ . | first | value }}{{ end }}",
        "{{ if true }}{{ range query \"m offset 1h or count_over_time(m[1h])\" }}{{ .Value }}{{ end }}{{ end }}",
        "{{ range $at, $one := query (printf \"count_over_time(m[1h]) > %v\" 0) }}{{ $one.Value }}{{ end }}",
    ] {
        assert_eq!(filled(text), "1", "{text}");
    }
    for text in [
        "{{ $q := \"count_over_time(m[1h])\" }}{{ query $q | first | value }}",
        "{{ query (printf \"count_over_time(m[%dh])\" 2) | first | value }}",
        "{{ query (printf \"count_over_time(%s[1h])\" \"m\") | first | value }}",
    ] {
        assert!(filled(text).contains("looks back at what is not kept"), "{text}: {}", filled(text));
    }
    // As of now all is known.
    assert_eq!(filled("{{ $q := \"m\" }}{{ range query $q }}{{ .Labels.a }}{{ end }}"), "x");
    assert_eq!(filled("{{ query (printf \"%s\" \"m\") | first | label \"a\" }}"), "x");
}

proptest! {
    #[test]
    fn whatever_a_template_holds_nothing_panics(
        text in prop::collection::vec(
            prop::sample::select(vec![
                "{{", "}}", "{{- ", " -}}", " ", "if ", "else", "end", "range ", "with ", "$value", "$labels", ".a", ".",
                "$x", " := ", " = ", ", ", "|", "(", ")", "printf ", "\"%*.3d%q%x\" ", "`%+v`", "1", "2.5", "-3", "1e9 ",
                "humanize ", "title ", "index ", "len ", "eq ", "and ", "nil", "true", "'c'", "\"\\u00e9\"", "toTime ",
                "/*", "*/", "ü", "break", "reReplaceAll ", "query ", "first ", "label ", "sortByLabel ", "`m[5m]` ", "`m` ", "\"(\" ", "print ", "stripDomain ", "\n",
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

#[test]
fn loops_and_texts_that_multiply_end() {
    let nested = format!("{}{}", "{{range $labels}}".repeat(30), "{{end}}".repeat(30));
    let text = filled_for("m{a=\"1\",b=\"2\",c=\"3\"} 2\n", &nested);
    assert!(text.contains("more than 100000 steps"), "{text}");
    let doubled = "{{ $a := \"xxxx\" }}".to_owned() + &"{{ $a = print $a $a }}".repeat(14);
    for (rest, told) in [
        ("{{ print $a $a | len }}", "longer than 65536 bytes"),
        ("{{ printf \"%.70000f\" $value }}", "too large"),
        ("{{ printf \"%.65536f\" $value }}", "too large"),
        ("{{ printf \"%.32768f\" $value | len }}", "32770"),
        ("{{ printf \"%.32768g\" 0.00011 | len }}", ""),
        ("{{ printf \"%.32768e\" $value | len }}", "32774"),
        ("{{ printf \"%.32768d\" 7 | len }}", "32768"),
    ] {
        let text = filled(&(doubled.clone() + rest));
        assert!(text.contains(told) && text.len() < 100, "{rest}: {text}");
    }
}

#[cfg(feature = "rules")]
#[test]
fn queries_within_loops_end() {
    let nested =
        format!("{}{{{{ query \"m\" | len }}}}{}", "{{range $labels}}".repeat(7), "{{end}}".repeat(7));
    let text = filled_for("m{a=\"1\",b=\"2\"} 2\n", &nested);
    assert!(text.contains("more than 100000 steps"), "{text}");
}

#[cfg(feature = "rules")]
#[test]
fn a_replacement_of_many_places_by_much_ends() {
    let doubled = "{{ $a := \"xxxx\" }}".to_owned() + &"{{ $a = print $a $a }}".repeat(14);
    let text = filled(&(doubled + "{{ reReplaceAll \".\" $a $a }}"));
    assert!(text.contains("longer than 65536 bytes"), "{text}");
}
