//! What becomes of the labels of a sample.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Problem;

type Labels<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// So many are compared with one another; more go into a table.
const FEW: usize = 16;

/// Checks the labels from `first` on as the server does: an empty value takes away every label of its name, and of two
/// that are left, the whole scrape is refused.
pub(super) fn settle(labels: &mut Labels<'_>, first: usize) -> Result<(), Problem> {
    drop_emptied(labels, first)?;
    let own = labels.get(first..).unwrap_or_default();
    let mut seen = HashSet::new();
    let twice = own.iter().enumerate().find(|(place, (name, _))| {
        *name == "__name__"
            || if own.len() > FEW {
                !seen.insert(*name)
            } else {
                own.iter().take(*place).any(|(other, _)| other == name)
            }
    });
    twice.map_or(Ok(()), |(_, (name, _))| Err(Problem::Duplicate((*name).to_owned())))
}

fn drop_emptied(labels: &mut Labels<'_>, first: usize) -> Result<(), Problem> {
    let own = labels.get(first..).unwrap_or_default();
    let mut emptied = own.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| *name).peekable();
    if emptied.peek().is_none() {
        return Ok(());
    }
    if emptied.clone().any(|name| name == "__name__") {
        return Err(Problem::Expected("a name that is not empty"));
    }
    if own.len() > FEW {
        let emptied: HashSet<&str> = emptied.collect();
        keep(labels, first, |_, name| !emptied.contains(name));
    } else {
        // No allocation: many exporters write labels that are empty.
        let kept =
            own.iter().enumerate().filter(|(_, (name, _))| emptied.clone().all(|other| other != *name));
        let kept = kept.fold(0_u32, |bits, (place, _)| bits | (1 << place));
        keep(labels, first, |place, _| kept & (1 << place) != 0);
    }
    Ok(())
}

/// Keeps those of the labels from `first` on that are wanted, by place and name.
fn keep(labels: &mut Labels<'_>, first: usize, wanted: impl Fn(usize, &str) -> bool) {
    let mut kept = first;
    for at in first..labels.len() {
        if labels.get(at).is_some_and(|(name, _)| wanted(at - first, name)) {
            labels.swap(kept, at);
            kept += 1;
        }
    }
    labels.truncate(kept);
}
