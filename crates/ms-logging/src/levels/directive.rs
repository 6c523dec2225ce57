//! A target and a level as a directive of the filter.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Directive;

use super::error::LevelError;

/// The longest target, in bytes.
const LONGEST: usize = 256;

/// A target that means something else within a directive, such as a level or two directives, is refused.
pub(crate) fn directive(target: &str, level: LevelFilter) -> Result<Directive, LevelError> {
    if target.is_empty() {
        return Ok(level.into());
    }
    let refused = || LevelError::Target { target: target.chars().take(LONGEST).collect() };
    let is_plain = |character: char| character.is_alphanumeric() || "_-.:".contains(character);
    if target.len() > LONGEST || !target.chars().all(is_plain) {
        return Err(refused());
    }
    format!("{target}={level}").parse().map_err(|_| refused())
}
