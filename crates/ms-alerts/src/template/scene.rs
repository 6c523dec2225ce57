//! What a template sees beside its series.

#[cfg(feature = "rules")]
use std::rc::Rc;

#[cfg(feature = "rules")]
use super::value::{Failed, Found};
use crate::tracked::View;

/// Where and when a template is filled in.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'s> {
    pub(crate) view: &'s View<'s>,
    /// In milliseconds since 1970.
    #[cfg_attr(not(feature = "rules"), allow(dead_code, reason = "only queries ask when it is"))]
    pub(crate) wall: i64,
}

#[cfg(feature = "rules")]
impl Scene<'_> {
    /// Evaluates an expression.
    pub(super) fn query(&self, text: &str) -> Result<Rc<[Found<'static>]>, Failed> {
        let view = self.view;
        let query = crate::promql::Query::parse(text, crate::Compat::V2_42)
            .map_err(|refused| format!("{text:?}: {}", refused.message))?;
        // An answer without the samples that were not kept would be a wrong one.
        if !query.is_kept(view.history) {
            return Err(format!(
                "{text:?} looks back at what is not kept, for it is not known when rules load"
            ));
        }
        let answer = query.evaluate(view.samples, view.history, self.wall, 0, view.dialect);
        let answer = answer.map_err(|error| format!("{text:?}: {error}"))?;
        let found = answer.iter().map(|element| {
            let labels = element
                .labels()
                .iter()
                .map(|(name, value)| ((*name).to_owned().into(), value.as_ref().to_owned().into()));
            Found { labels: Rc::new(labels.collect()), value: element.value() }
        });
        Ok(found.collect())
    }
}
