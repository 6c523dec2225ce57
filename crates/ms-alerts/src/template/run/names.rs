//! What names and fields stand for.

use std::rc::Rc;

use super::{Run, World};
#[cfg(feature = "rules")]
use crate::template::value::Found;
use crate::template::value::{Failed, LabelMap, Value};

impl<'s> Run<'s> {
    fn place(&self, name: &str) -> Option<usize> {
        self.variables.iter().rposition(|(known, _)| *known == name)
    }

    pub(super) fn is_given(&self, place: usize, name: &str) -> bool {
        let is_untouched = self.variables.get(place).is_some_and(|(_, value)| matches!(value, Value::Alert));
        is_untouched && self.place(name) == Some(place)
    }

    pub(super) fn variable(&self, name: &str) -> Value<'s> {
        if self.is_given(1, name) {
            return self.labels();
        }
        if self.is_given(2, name) {
            return self.external_labels();
        }
        let found = self.place(name).and_then(|place| self.variables.get(place));
        found.map_or(Value::Nothing, |(_, value)| value.clone())
    }

    fn labels(&self) -> Value<'s> {
        match self.world {
            World::Rule(sample, _) => map(sample.labels().chain([("__name__", sample.name())])),
            #[cfg(feature = "webhook")]
            World::Notification => Value::Nothing,
        }
    }

    fn external_labels(&self) -> Value<'s> {
        match self.world {
            World::Rule(_, scene) => map(scene.view.external.labels.iter()),
            #[cfg(feature = "webhook")]
            World::Notification => Value::Nothing,
        }
    }

    #[cfg(feature = "rules")]
    pub(super) fn query(&self, text: &str) -> Result<Rc<[Found<'s>]>, Failed> {
        match self.world {
            World::Rule(_, scene) => scene.query(text),
            #[cfg(feature = "webhook")]
            World::Notification => Err("there is nothing to query".to_owned()),
        }
    }

    pub(super) fn field(&self, value: Value<'s>, field: &str) -> Result<Value<'s>, Failed> {
        let unknown = || format!("can't evaluate field {field} in type {}", value.kind());
        #[cfg(feature = "webhook")]
        if let World::Notification = self.world {
            return crate::template::told::field(&value, field).ok_or_else(unknown);
        }
        match (&value, field, self.world) {
            (Value::Alert, "Labels", _) => Ok(self.labels()),
            (Value::Alert, "ExternalLabels", _) => Ok(self.external_labels()),
            (Value::Alert, "ExternalURL", World::Rule(_, scene)) => {
                Ok(Value::text(&*scene.view.external.url))
            }
            (Value::Alert, "Value", World::Rule(sample, _)) => Ok(Value::Number(sample.value())),
            (Value::Labels(labels), name, _) => {
                Ok(Value::text(labels.get(name).cloned().unwrap_or_default()))
            }
            (Value::Series(found), "Labels", _) => Ok(Value::Labels(Rc::clone(&found.labels))),
            (Value::Series(found), "Value", _) => Ok(Value::Number(found.value)),
            _ => Err(unknown()),
        }
    }
}

/// Labels without those that are empty.
fn map<'s>(labels: impl Iterator<Item = (&'s str, &'s str)>) -> Value<'s> {
    let labels = labels.filter(|(_, value)| !value.is_empty());
    let labels: LabelMap<'s> = labels.map(|(name, value)| (name.into(), value.into())).collect();
    Value::Labels(Rc::new(labels))
}
