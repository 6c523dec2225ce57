//! Tables for spreadsheets and for Markdown.

/// Writes rows as CSV (RFC 4180, commas, CRLF) that a spreadsheet shows and does not run.
///
/// A cell that begins with `=`, `+`, `-`, `@`, a tab or a line break would be a formula to a spreadsheet. Such a cell gets an
/// apostrophe in front, unless it is a plain number.
///
/// # Examples
///
/// ```
/// use ms_analytics::export::csv;
///
/// let rows = [vec!["=1+1".to_owned(), "-7.5".to_owned()], vec!["Kaya, Ayşe".to_owned(), "8".to_owned()]];
/// assert_eq!(csv(&["name", "hours"], rows), "name,hours\r\n'=1+1,-7.5\r\n\"Kaya, Ayşe\",8\r\n");
/// ```
pub fn csv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut out = String::new();
    let mut push = |cells: &mut dyn Iterator<Item = String>| {
        out.push_str(&cells.collect::<Vec<_>>().join(","));
        out.push_str("\r\n");
    };
    push(&mut header.iter().map(|cell| csv_cell(cell)));
    rows.into_iter().for_each(|row| push(&mut row.iter().map(|cell| csv_cell(cell))));
    out
}

/// Writes rows as a Markdown table; nothing in a cell is markup.
///
/// # Examples
///
/// ```
/// use ms_analytics::export::markdown;
///
/// let table = markdown(&["name", "hours"], [vec!["A|B <b>".to_owned(), "8".to_owned()]]);
/// assert_eq!(table, "| name | hours |\n| --- | --- |\n| A\\|B \\<b\\> | 8 |\n");
/// ```
pub fn markdown(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(header.iter().map(|cell| markdown_cell(cell)).collect());
    out.push_str(&line(header.iter().map(|_| "---".to_owned()).collect()));
    for row in rows {
        out.push_str(&line(row.iter().map(|cell| markdown_cell(cell)).collect()));
    }
    out
}

fn csv_cell(text: &str) -> String {
    let may_be_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    let safe = if may_be_formula && !is_number { format!("'{text}") } else { text.to_owned() };
    if safe.contains([',', '"', '\r', '\n', ';', '\t']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

fn markdown_cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '|' | '*' | '_' | '`' | '<' | '>' | '[' | ']' | '#' | '~' | '&' | '!' => {
                cell.extend(['\\', character]);
            }
            control if control.is_control() => cell.push(' '),
            other => cell.push(other),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for name in ["=cmd|' /C calc'!A0", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "＝1", "=1,2\"", "-inf"] {
            let text = csv(&["name"], [vec![name.to_owned()]]);
            let cell = text.lines().nth(1).unwrap().trim_start_matches('"');
            assert!(cell.starts_with('\''), "{name}: {text}");
        }
        assert_eq!(csv(&["n"], [vec!["-1.5".to_owned()]]), "n\r\n-1.5\r\n");
    }

    #[test]
    fn a_cell_stays_in_its_row() {
        assert_eq!(markdown(&["a"], [vec!["x\ny|z".to_owned()]]).lines().count(), 3);
        assert_eq!(csv(&["a"], [vec!["x\ny".to_owned()]]), "a\r\n\"x\ny\"\r\n");
    }
}
