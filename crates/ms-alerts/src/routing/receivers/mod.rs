//! The receivers of Alertmanager's file, made into sinks.

#[cfg(feature = "email")]
mod email;
mod http;
mod load;
mod yaml;

use std::fmt;
use std::path::Path;

use super::RouteFileError;
use crate::delivery::Sink;

/// The sinks of the receivers in a file in [Alertmanager's format][format], for
/// [`AlertManagerBuilder::receivers`](crate::AlertManagerBuilder::receivers).
///
/// | of the file | becomes |
/// |---|---|
/// | `webhook_configs` | [`WebhookSink`](crate::WebhookSink) |
/// | `slack_configs` | [`SlackSink`](crate::SlackSink) |
/// | `email_configs` | `EmailSink` (feature `email`) |
///
/// Defaults are Alertmanager's: `global` is heeded, and Slack and e-mail hear of no ends unless `send_resolved` says so. Secrets
/// may lie in files of their own (`url_file`, `api_url_file`, `…password_file`, `credentials_file`), whose paths begin where
/// the file lies. A field that there is no sink for is refused. What Alertmanager does not know lies in a second file:
///
/// ```yaml
/// allow_internal: [alerts.hospital.intern, 127.0.0.1]   # hosts that may have internal addresses
/// receivers:
///   - name: duty
///     webhook_configs:                                  # one for each of the other file, in its order
///       - signing_secret_file: webhook.key              # whsec_…
///         body_template: '{"text": {{ .CommonAnnotations.summary }}}'
///         headers: {X-Team: icu}
///     alertmanager_configs:
///       - urls: ["http://am-1.hospital.intern:9093", "http://am-2.hospital.intern:9093"]
///         resend_interval: 1m
/// ```
///
/// [format]: https://prometheus.io/docs/alerting/latest/configuration/#receiver
pub struct Receivers(Vec<Receiver>);

pub(crate) struct Receiver {
    pub(crate) name: String,
    /// None of a receiver that takes alerts and tells nobody.
    pub(crate) sinks: Vec<Box<dyn Sink>>,
}

impl Receivers {
    /// Reads a file, and the one beside it if there is one.
    ///
    /// # Errors
    ///
    /// If one cannot be read, or anything in it is wrong or not supported: the error names file, line and column.
    pub fn read(path: impl AsRef<Path>, own: Option<&Path>) -> Result<Self, RouteFileError> {
        let path = path.as_ref();
        let text = read(path)?;
        let own = own.map(|own| Ok::<_, RouteFileError>((own, read(own)?))).transpose()?;
        let own = own.as_ref().map(|(path, text)| (*path, text.as_str()));
        load::receivers((path, &text), own).map(Self)
    }

    /// Reads a text, and the one beside it; the names stand for the files in errors, and for where other files lie.
    ///
    /// ```
    /// use ms_alerts::Receivers;
    ///
    /// let text = r#"
    /// receivers:
    ///   - name: duty
    ///     slack_configs: [{api_url: "https://hooks.slack.com/services/T000/B000/XXX", channel: duty}]
    ///   - name: pager
    ///     webhook_configs: [{url: "https://pager.example.org/hook", max_alerts: 50}]
    /// "#;
    /// let receivers = Receivers::parse("alertmanager.yml", text, None)?;
    /// assert_eq!(receivers.names(), ["duty", "pager"]);
    ///
    /// let error = Receivers::parse("alertmanager.yml", &text.replace("channel", "pretext"), None).unwrap_err();
    /// assert!(error.to_string().contains("alertmanager.yml:4:") && error.to_string().contains("pretext"), "{error}");
    /// # Ok::<(), ms_alerts::RouteFileError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn parse(name: &str, text: &str, own: Option<(&str, &str)>) -> Result<Self, RouteFileError> {
        load::receivers((Path::new(name), text), own.map(|(name, text)| (Path::new(name), text))).map(Self)
    }

    /// Gives the names of the receivers, in the order of the file.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|receiver| receiver.name.as_str()).collect()
    }

    pub(crate) fn into_sinks(self) -> impl Iterator<Item = Receiver> {
        self.0.into_iter()
    }
}

fn read(path: &Path) -> Result<String, RouteFileError> {
    std::fs::read_to_string(path)
        .map_err(|source| RouteFileError::Read { file: path.display().to_string(), source })
}

/// No word of what the sinks hold.
impl fmt::Debug for Receivers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receivers").field(&self.names()).finish()
    }
}
