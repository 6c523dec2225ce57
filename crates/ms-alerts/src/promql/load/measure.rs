//! What an expression must not be before it is given to the parser.

use super::Refused;
use crate::promql::strict;
use crate::promql::tokens::tokens;

/// Deeper input overflows the parser's stack.
const DEEPEST: usize = 50;
const MOST_TOKENS: usize = 1000;

/// Refuses what is too long or too deep to be given to the parser.
pub(super) fn check(expression: &str) -> Result<(), Refused> {
    let (mut depth, mut signs) = (0_usize, 0);
    let mut place = strict::Place::default();
    for (count, token) in tokens(expression).enumerate() {
        signs = if matches!(token.text, "+" | "-") { signs + 1 } else { 0 };
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let message = if depth > DEEPEST || signs > DEEPEST {
            format!("nested deeper than {DEEPEST}")
        } else if count >= MOST_TOKENS {
            format!("longer than {MOST_TOKENS} words and signs")
        } else if place.is_too_long(&token) {
            "a span of more than 100 years is not supported".to_owned()
        } else if !strict::is_escaped_well(token.text) {
            "not valid PromQL: an unknown escape in a string".to_owned()
        } else {
            place.pass(token);
            continue;
        };
        return Err(Refused { at: token.at, message });
    }
    Ok(())
}
