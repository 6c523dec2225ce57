//! `lines suppressed: 23 target=ward::beds at=src/beds.rs:17 from=… to=…`

use tracing::Metadata;

use super::Suppressed;
use crate::format::timestamp::{Instant, Stamp};
use crate::format::{Style, escape, json, text};
use crate::layer::Core;
use crate::queue::{LossLine, utc};

pub(super) fn write(
    line: &mut Vec<u8>,
    core: &Core,
    style: Style,
    site: &Metadata<'_>,
    suppressed: &Suppressed,
) {
    let now = Instant::now();
    let Suppressed { lines, from, to } = *suppressed;
    let (from, to) = (utc(from), utc(to));
    let (file, number) = (site.file().unwrap_or_default(), site.line().unwrap_or_default());
    match style {
        Style::Json => {
            json::head(line, now, &mut Stamp::rfc3339());
            line.extend_from_slice(
                format!("\"lines_suppressed\",\"data\":{{\"lines\":{lines},\"level\":\"").as_bytes(),
            );
            line.extend_from_slice(site.level().as_str().as_bytes());
            line.extend_from_slice(b"\",\"target\":\"");
            escape::json(line, site.target());
            line.extend_from_slice(b"\",\"file\":\"");
            escape::json(line, file);
            line.extend_from_slice(
                format!("\",\"line\":{number},\"from\":\"{from}\",\"to\":\"{to}\"}}}}\n").as_bytes(),
            );
        }
        Style::Text | Style::Pretty { .. } => {
            LossLine { style, name: core.name.clone(), zone: core.zone.clone() }.head(line, now);
            line.extend_from_slice(
                format!("lines suppressed: {lines} level={} target=", text::level_name(*site.level()))
                    .as_bytes(),
            );
            text::word(line, site.target());
            line.extend_from_slice(b" at=");
            text::word(line, &format!("{file}:{number}"));
            line.extend_from_slice(format!(" from={from} to={to}\n").as_bytes());
        }
    }
}
