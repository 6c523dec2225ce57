//! Numbers that may belong to a person.

use super::REDACTED;

/// This many digits in one run are an identity, phone, card or account number. Ports, codes and years are shorter.
const LONGEST_NUMBER: usize = 8;

/// Replaces each run of more than [`LONGEST_NUMBER`] digits, spaced or dashed ones too.
pub(super) fn without_long(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for character in text.chars().chain(['\0']) {
        let joins = matches!(character, ' ' | '-' | '(' | ')' | '.' | '/') && !run.is_empty();
        if character.is_numeric() || joins {
            run.push(character);
            continue;
        }
        end_run(&mut out, &mut run);
        if character != '\0' {
            out.push(character);
        }
    }
    out
}

fn end_run(out: &mut String, run: &mut String) {
    let number = run.trim_end_matches(|c: char| !c.is_numeric());
    // Dotted and slashed numbers are addresses and versions as long as no part of them is long.
    let long =
        number.split(['.', '/']).any(|part| part.chars().filter(|c| c.is_numeric()).count() > LONGEST_NUMBER);
    if long {
        out.push_str(REDACTED);
        out.push_str(run.get(number.len()..).unwrap_or(""));
    } else {
        out.push_str(run);
    }
    run.clear();
}
