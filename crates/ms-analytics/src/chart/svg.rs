//! Pieces of SVG and HTML.

use std::fmt::{self, Display, Write};

/// Okabe and Ito's colours, which the colour-blind tell apart.
pub(super) const COLOURS: [&str; 6] = ["#0072b2", "#e69f00", "#009e73", "#56b4e9", "#cc79a7", "#b8860b"];
pub(super) const ALARM: &str = "#b00020";

/// Text that is data: nothing in it is markup.
#[derive(Clone, Copy, Debug)]
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Characters that turn the direction of what follows are shown, not obeyed.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => f.write_char('\u{fffd}')?,
                // XML has no way to write most of these.
                control if control.is_control() => f.write_char('\u{fffd}')?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// A name cut to what fits.
pub(super) fn cut(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Opens a picture that scales with the page and tells its title to screen readers.
pub(super) fn open(out: &mut String, width: f64, height: f64, title: &str) {
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"12\"><title>{}</title>\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>",
        Escaped(title)
    );
}

pub(super) fn close(out: &mut String) {
    out.push_str("</svg>");
}

/// Writes text; `anchor` is start, middle or end.
pub(super) fn text(out: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let _ = write!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#222\">{}</text>",
        Escaped(text)
    );
}

pub(super) fn line(out: &mut String, from: (f64, f64), to: (f64, f64), colour: &str) {
    let _ = write!(
        out,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\"/>",
        from.0, from.1, to.0, to.1
    );
}
