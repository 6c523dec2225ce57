//! Splits an expression into words and signs, so that an error can say where.
//!
//! The parser's tree has no positions, and on deep input its recursion ends the process: what it is given is measured
//! here first.

/// A word, number, string or sign, and where it begins, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) at: usize,
    pub(super) text: &'a str,
}

/// Gives the tokens of `expression`, without blanks and comments.
pub(super) fn tokens(expression: &str) -> impl Iterator<Item = Token<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = expression.get(at..)?;
            let first = rest.chars().next()?;
            let length = match first {
                '#' => rest.find('\n').unwrap_or(rest.len()),
                blank if blank.is_whitespace() => blank.len_utf8(),
                _ => break,
            };
            at += length;
        }
        let rest = expression.get(at..)?;
        let text = rest.get(..length(rest)).unwrap_or(rest);
        let token = Token { at, text };
        at += text.len().max(1);
        Some(token)
    })
}

/// Gives where the first token that is `word` begins; keywords are the same in any case.
pub(super) fn find(expression: &str, word: &str) -> usize {
    let mut tokens = tokens(expression);
    tokens.find(|token| token.text.eq_ignore_ascii_case(word)).map_or(0, |token| token.at)
}

fn length(rest: &str) -> usize {
    let first = rest.chars().next().unwrap_or(' ');
    let run = |wanted: fn(char) -> bool| rest.find(|c: char| !wanted(c)).unwrap_or(rest.len());
    match first {
        '"' | '\'' | '`' => string_length(rest, first),
        'a'..='z' | 'A'..='Z' | '_' | ':' => run(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':')),
        '0'..='9' | '.' => number_length(rest),
        _ => {
            let pair = ["==", "!=", ">=", "<=", "=~", "!~"].into_iter().any(|pair| rest.starts_with(pair));
            if pair { 2 } else { first.len_utf8() }
        }
    }
}

/// A number may hold a sign behind its `e`.
fn number_length(rest: &str) -> usize {
    let run = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(text.len());
    let length = run(rest);
    let (digits, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
    let open = digits.ends_with(['e', 'E']) && !digits.starts_with("0x") && !digits.starts_with("0X");
    match behind.strip_prefix(['+', '-']) {
        Some(power) if open && power.starts_with(|c: char| c.is_ascii_digit()) => length + 1 + run(power),
        _ => length,
    }
}

fn string_length(rest: &str, quote: char) -> usize {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return at + 1;
        }
        if character == '\\' && quote != '`' {
            characters.next();
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_fall_into_words_strings_and_signs() {
        let text = "a:b{c=~\"x\\\"}.*\", d!='#'} >= -1.5e-3 # and so on\nand `\\`";
        let found: Vec<_> = tokens(text).map(|token| token.text).collect();
        let expected = [
            "a:b",
            "{",
            "c",
            "=~",
            "\"x\\\"}.*\"",
            ",",
            "d",
            "!=",
            "'#'",
            "}",
            ">=",
            "-",
            "1.5e-3",
            "and",
            "`\\`",
        ];
        assert_eq!(found, expected);
        assert!(tokens(text).all(|token| text[token.at..].starts_with(token.text)));
        assert_eq!(tokens("\"open").map(|token| token.text).collect::<Vec<_>>(), ["\"open"]);
    }

    #[test]
    fn a_word_within_a_string_is_not_found() {
        assert_eq!(find("a{b=\"rate\"} + rate(c[1m])", "rate"), 14);
        assert_eq!(find("a AND b", "and"), 2);
    }
}
