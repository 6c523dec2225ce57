//! Matchers in the three ways in which they may be written.

use super::Loader;
use crate::routing::matcher::{Kind, Matcher};
use crate::routing::yaml::Pairs;
use crate::rules_file::yaml::Text;

impl Loader {
    pub(super) fn matchers(
        &mut self,
        equal: Option<&Pairs>,
        regexes: Option<&Pairs>,
        texts: Option<&[Text]>,
    ) -> Vec<Matcher> {
        let mut matchers = Vec::new();
        for (name, value) in equal.into_iter().flatten() {
            self.label_name(value, name);
            let matcher = Matcher::new(name, Kind::Equal, &value.value);
            matchers.extend(self.or_problem(value, matcher));
        }
        for (name, pattern) in regexes.into_iter().flatten() {
            self.label_name(pattern, name);
            let matcher = Matcher::anchored(name, &pattern.value);
            matchers.extend(self.or_problem(pattern, matcher));
        }
        for text in texts.into_iter().flatten() {
            let list = Matcher::parse_list(&text.value);
            matchers.extend(self.or_problem(text, list).into_iter().flatten());
        }
        matchers
    }

    pub(super) fn or_problem<T>(&mut self, node: &Text, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.problem(node, message)).ok()
    }
}
