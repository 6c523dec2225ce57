//! How answers look.

mod answer;
mod draft;
mod format;
mod kubernetes;
mod language;
mod page;
mod spring;
mod text;

pub use format::Format;

pub(crate) use answer::Answer;
pub(crate) use format::{bare, json, report};
pub(crate) use kubernetes::{List as KubernetesList, bare as kubernetes_bare, show as kubernetes};
pub(crate) use language::Language;
pub(crate) use page::page;
