//! What an expression looks at.

use super::plan::{At, LONGEST, LOOK_BACK, Node, Source, When, Window};
use super::selector::Selector;

/// What of a metric is looked at, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// So far back from the evaluation; zero is the moment alone.
    Back(i64),
    /// Moments since 1970, whenever it is evaluated.
    Fixed { from: i64, to: i64 },
}

impl Node {
    /// Calls `ask` with each selector and what it looks at, if it is evaluated at the moments of `span`.
    pub(super) fn looks_back_from(&self, span: Reach, ask: &mut dyn FnMut(&Selector, Reach)) {
        match self {
            Self::Select(selector, When::NOW) if span == Reach::NOW => ask(selector, Reach::NOW),
            Self::Select(selector, when) => ask(selector, when.reach(span, LOOK_BACK)),
            Self::AbsentOver(window, _) => window.looks_back_from(span, ask),
            Self::Over(range) => {
                range.window.looks_back_from(span, ask);
                range.argument.iter().for_each(|argument| argument.looks_back_from(span, ask));
            }
            Self::HistogramQuantile(both) => {
                both.0.looks_back_from(span, ask);
                both.1.looks_back_from(span, ask);
            }
            Self::HistogramFraction(all) => all.iter().for_each(|node| node.looks_back_from(span, ask)),
            Self::Negate(inner)
            | Self::Vector(inner)
            | Self::Scalar(inner)
            | Self::Timestamp(inner)
            | Self::Calendar(_, Some(inner))
            | Self::Sort(inner, _)
            | Self::Absent { inner, .. } => inner.looks_back_from(span, ask),
            Self::LabelReplace(replace) => replace.inner.looks_back_from(span, ask),
            Self::LabelJoin(join) => join.inner.looks_back_from(span, ask),
            Self::Binary(binary) => {
                [&binary.left, &binary.right].into_iter().for_each(|side| side.looks_back_from(span, ask))
            }
            Self::Aggregate(aggregate) => {
                aggregate.inner.looks_back_from(span, ask);
                aggregate.argument.iter().for_each(|argument| argument.looks_back_from(span, ask));
            }
            Self::Change(_, inner, numbers) => {
                inner.looks_back_from(span, ask);
                numbers.iter().for_each(|number| number.looks_back_from(span, ask));
            }
            Self::Number(_) | Self::Time | Self::Calendar(_, None) => {}
        }
    }
}

impl Window {
    fn looks_back_from(&self, span: Reach, ask: &mut dyn FnMut(&Selector, Reach)) {
        let span = self.when.reach(span, self.range);
        match &self.of {
            Source::Series(selector) => ask(selector, span),
            Source::Subquery { inner, .. } => inner.looks_back_from(span, ask),
        }
    }
}

impl When {
    /// What is looked at if `span` milliseconds up to this are, at any of the moments of `looked_at`.
    fn reach(self, looked_at: Reach, span: i64) -> Reach {
        match (self.at, looked_at) {
            (At::Fixed(moment), _) => {
                let to = moment.saturating_sub(self.offset);
                Reach::Fixed { from: to.saturating_sub(span), to }
            }
            (At::Evaluation, Reach::Fixed { from, to }) => Reach::Fixed {
                from: from.saturating_sub(self.offset).saturating_sub(span),
                to: to.saturating_sub(self.offset),
            },
            // What a rule asks for begins and ends with its evaluation.
            (At::Start | At::End, Reach::Fixed { .. }) => Reach::Back(span).and_back(self.offset),
            (_, Reach::Back(back)) => Reach::Back(span.saturating_add(back)).and_back(self.offset),
        }
    }
}

impl Reach {
    pub(crate) const NOW: Self = Self::Back(0);

    fn and_back(self, offset: i64) -> Self {
        match self {
            Self::Back(back) => Self::Back(back.saturating_add(offset.max(0)).min(LONGEST)),
            fixed @ Self::Fixed { .. } => fixed,
        }
    }
}
