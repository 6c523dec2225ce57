//! What a template gives, with the values in it escaped as its form asks for.

#[cfg(feature = "webhook")]
use super::json;
use super::value::{Failed, Value};

/// What the text is, and so how a value is written into it. The template's own text is taken as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    /// JSON: within a string values are escaped, elsewhere they are whole values, a text with its quotes.
    #[cfg(feature = "webhook")]
    Json,
    /// Slack's markup: no value is a link or a mention.
    #[cfg(feature = "webhook")]
    Slack,
}

pub(super) struct Output {
    pub(super) text: String,
    form: Form,
    /// Of JSON: whether the text ends within a string, and there behind a backslash.
    in_string: bool,
    escaped: bool,
}

impl Output {
    pub(super) fn new(form: Form) -> Self {
        Self { text: String::new(), form, in_string: false, escaped: false }
    }

    /// Writes a part of the template's own text.
    pub(super) fn write(&mut self, text: &str) {
        self.text.push_str(text);
        if self.form == Form::Text {
            return;
        }
        for byte in text.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ => {}
            }
        }
    }

    /// Writes what an action gives.
    pub(super) fn print(&mut self, value: &Value<'_>) -> Result<(), Failed> {
        match self.form {
            Form::Text => match value {
                Value::Nothing => self.text.push_str("<no value>"),
                Value::Text(text) => self.text.push_str(text),
                other => self.text.push_str(&other.plain()?),
            },
            #[cfg(feature = "webhook")]
            Form::Json if self.escaped => return Err("an action stands behind a backslash".to_owned()),
            #[cfg(feature = "webhook")]
            Form::Json if self.in_string => json::escape(&value.plain()?, &mut self.text),
            #[cfg(feature = "webhook")]
            Form::Json => self.text.push_str(&json::of(value)?),
            #[cfg(feature = "webhook")]
            Form::Slack => self.text.push_str(&crate::delivery::slack_escape(&value.plain()?)),
        }
        Ok(())
    }
}
