//! Comments, among them HELP and TYPE.

use std::ops::ControlFlow;

use super::{Problem, Reader};

const TYPES: [&[u8]; 5] = [b"counter", b"gauge", b"histogram", b"summary", b"untyped"];

/// Reads a comment up to the end of its line; breaks where a NUL byte ends the whole text, as the server has it.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<ControlFlow<()>, Problem> {
    reader.at += 1;
    let blank = matches!(reader.peek(), Some(b' ' | b'\t'));
    reader.skip_blanks();
    if blank {
        for (keyword, is_type) in [("HELP", false), ("TYPE", true)] {
            if let Some(end) = keyword_end(reader, keyword) {
                reader.at = end;
                return metadata(reader, is_type).map(ControlFlow::Continue);
            }
        }
    }
    let line = line(reader);
    // Behind `# x` the server's lexer does not see a NUL.
    let ends = if blank { line.first() == Some(&0) } else { memchr::memchr(0, line).is_some() };
    Ok(if ends { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}

/// Finds where the blanks behind `keyword` end, if it stands here.
fn keyword_end(reader: &Reader<'_>, keyword: &str) -> Option<usize> {
    let mut rest = reader.rest();
    for byte in keyword.bytes() {
        rest = without(rest.strip_prefix(&[byte])?, |byte| byte == 0);
    }
    let blanks = rest.first().is_some_and(|byte| matches!(byte, b' ' | b'\t'));
    let rest = without(rest, |byte| matches!(byte, b' ' | b'\t' | 0));
    blanks.then(|| reader.bytes.len() - rest.len())
}

fn without(bytes: &[u8], unwanted: impl Fn(u8) -> bool) -> &[u8] {
    let wanted = bytes.iter().position(|byte| !unwanted(*byte)).unwrap_or(bytes.len());
    bytes.get(wanted..).unwrap_or_default()
}

fn metadata(reader: &mut Reader<'_>, is_type: bool) -> Result<(), Problem> {
    reader.name().ok_or(Problem::Expected("a metric name"))?;
    if reader.peek() == Some(0) {
        return Err(Problem::Expected("a blank behind the metric name"));
    }
    // The server drops the first byte behind the name unseen, whatever it is.
    let text = line(reader).get(1..).unwrap_or_default();
    if is_type && !TYPES.contains(&text) {
        let shown: String = String::from_utf8_lossy(text).chars().take(40).collect();
        return Err(Problem::Type(shown));
    }
    // Half a character may be left of one that stood there.
    if !is_type && std::str::from_utf8(text).is_err() {
        return Err(Problem::Encoding("a help text"));
    }
    Ok(())
}

/// Takes what is left of the line, without its end.
fn line<'a>(reader: &mut Reader<'a>) -> &'a [u8] {
    let rest = reader.rest();
    let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    reader.at += length;
    rest.get(..length).unwrap_or_default()
}
