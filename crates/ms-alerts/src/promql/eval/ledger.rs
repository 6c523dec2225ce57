//! Which metrics were behind the answers of a subquery.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::EvalError;
use crate::promql::vector::{Element, Key, NAME};

/// Prometheus evaluates a range function, or a minus, over all steps of a subquery and then looks for series with the same labels:
/// two metrics that lose their names are an error even if they never meet.
#[derive(Default)]
pub(super) struct Ledger<'s>(RefCell<HashMap<(usize, Key<'s>), String>>);

impl<'s> Ledger<'s> {
    /// Takes the metric's name from what the node has given.
    pub(super) fn drop_name(
        ledger: Option<&Self>,
        node: usize,
        element: &mut Element<'s>,
    ) -> Result<(), EvalError> {
        let Some(ledger) = ledger else {
            element.drop_name();
            return Ok(());
        };
        let name = element.label(NAME).to_owned();
        element.drop_name();
        match ledger.0.borrow_mut().entry((node, element.labels().to_vec())) {
            Entry::Occupied(known) if *known.get() != name => Err(EvalError::SameLabels),
            Entry::Occupied(_) => Ok(()),
            Entry::Vacant(place) => {
                place.insert(name);
                Ok(())
            }
        }
    }
}
