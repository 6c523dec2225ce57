//! The text of the API server of Kubernetes: `ok`, or a list with `[+]` and `[-]`.

use std::fmt::Write as _;

use http::StatusCode;

use super::answer::Answer;

const TEXT: &str = "text/plain; charset=utf-8";

/// The lines of a list.
pub(crate) struct List<'a> {
    lines: String,
    asked: &'a [String],
    found: Vec<&'a str>,
}

impl<'a> List<'a> {
    pub(crate) fn new(asked: &'a [String]) -> Self {
        Self { lines: String::new(), asked, found: Vec::new() }
    }

    /// Adds a line, in the place that the list has for it; `ok` is `None` for what was not asked.
    pub(crate) fn add(&mut self, name: &'a str, ok: Option<bool>) {
        let excluded = self.asked.iter().any(|asked| asked == name);
        if excluded {
            self.found.push(name);
        }
        // Writing to a String cannot fail, here and below. The reason stays withheld, as there.
        let _ = match ok {
            _ if excluded => writeln!(self.lines, "[+]{name} excluded: ok"),
            Some(true) => writeln!(self.lines, "[+]{name} ok"),
            Some(false) => writeln!(self.lines, "[-]{name} failed: reason withheld"),
            None => Ok(()),
        };
    }

    fn finish(mut self) -> String {
        let mut missing: Vec<_> =
            self.asked.iter().filter(|asked| !self.found.contains(&asked.as_str())).collect();
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            let names: Vec<_> = missing.iter().map(|name| format!("{name:?}")).collect();
            let names = names.join(",");
            let _ =
                writeln!(self.lines, "warn: some health checks cannot be excluded: no matches for {names}");
        }
        self.lines
    }
}

pub(crate) fn show(name: &str, code: StatusCode, list: List<'_>, verbose: bool) -> Answer {
    let failed = is_failure(code);
    if !failed && !verbose {
        return Answer::new(code, TEXT, "ok");
    }
    let verdict = if failed { "failed" } else { "passed" };
    Answer::new(code, TEXT, format!("{}{name} check {verdict}\n", list.finish()))
}

/// Without the list, which names the checks.
pub(crate) fn bare(name: &'static str, code: StatusCode) -> Answer {
    let body = match (is_failure(code), name) {
        (false, _) => "ok",
        (true, "livez") => "livez check failed\n",
        (true, "startupz") => "startupz check failed\n",
        (true, _) => "readyz check failed\n",
    };
    Answer::new(code, TEXT, body)
}

fn is_failure(code: StatusCode) -> bool {
    code.is_client_error() || code.is_server_error()
}
