//! The shape of the receivers in Alertmanager's file, as far as there are sinks for them, and of the file beside it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::rules_file::yaml::{Node, Text};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileNode {
    pub(super) global: Option<GlobalNode>,
    pub(super) receivers: Option<Vec<ReceiverNode>>,
    /// What decides where an alert goes is read by itself.
    #[serde(rename = "templates")]
    _templates: Option<IgnoredAny>,
    #[serde(rename = "route")]
    _route: Option<IgnoredAny>,
    #[serde(rename = "inhibit_rules")]
    _inhibit_rules: Option<IgnoredAny>,
    #[serde(rename = "time_intervals")]
    _time_intervals: Option<IgnoredAny>,
    #[serde(rename = "mute_time_intervals")]
    _mute_time_intervals: Option<IgnoredAny>,
}

#[cfg_attr(not(feature = "email"), allow(dead_code, reason = "some is of e-mail alone"))]
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GlobalNode {
    /// Of alerts without an end, which these never are.
    #[serde(rename = "resolve_timeout")]
    _resolve_timeout: Option<IgnoredAny>,
    pub(super) http_config: Option<HttpNode>,
    pub(super) slack_api_url: Option<Text>,
    pub(super) slack_api_url_file: Option<Text>,
    pub(super) smtp_from: Option<Text>,
    pub(super) smtp_smarthost: Option<Text>,
    pub(super) smtp_hello: Option<Text>,
    pub(super) smtp_auth_username: Option<Text>,
    pub(super) smtp_auth_password: Option<Text>,
    pub(super) smtp_auth_password_file: Option<Text>,
    pub(super) smtp_require_tls: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceiverNode {
    pub(super) name: Text,
    pub(super) webhook_configs: Option<Vec<Node<WebhookNode>>>,
    pub(super) slack_configs: Option<Vec<Node<SlackNode>>>,
    pub(super) email_configs: Option<Vec<Node<EmailNode>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookNode {
    pub(super) send_resolved: Option<bool>,
    pub(super) url: Option<Text>,
    pub(super) url_file: Option<Text>,
    pub(super) max_alerts: Option<Node<usize>>,
    pub(super) http_config: Option<HttpNode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SlackNode {
    pub(super) send_resolved: Option<bool>,
    pub(super) api_url: Option<Text>,
    pub(super) api_url_file: Option<Text>,
    pub(super) channel: Option<String>,
    pub(super) username: Option<String>,
    pub(super) icon_emoji: Option<String>,
    pub(super) title: Option<Text>,
    pub(super) text: Option<Text>,
    pub(super) http_config: Option<HttpNode>,
}

#[cfg_attr(not(feature = "email"), allow(dead_code, reason = "refused without the feature"))]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailNode {
    pub(super) send_resolved: Option<bool>,
    /// Several are separated by commas.
    pub(super) to: Text,
    pub(super) from: Option<Text>,
    pub(super) smarthost: Option<Text>,
    pub(super) hello: Option<Text>,
    pub(super) auth_username: Option<Text>,
    pub(super) auth_password: Option<Text>,
    pub(super) auth_password_file: Option<Text>,
    pub(super) require_tls: Option<bool>,
    pub(super) tls_config: Option<TlsNode>,
    pub(super) headers: Option<HeadersNode>,
}

#[cfg_attr(not(feature = "email"), allow(dead_code, reason = "refused without the feature"))]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadersNode {
    #[serde(alias = "Subject")]
    pub(super) subject: Option<Text>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpNode {
    pub(super) basic_auth: Option<Node<BasicNode>>,
    pub(super) authorization: Option<Node<AuthorizationNode>>,
    pub(super) bearer_token: Option<Text>,
    pub(super) bearer_token_file: Option<Text>,
    pub(super) tls_config: Option<TlsNode>,
    pub(super) follow_redirects: Option<Node<bool>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BasicNode {
    pub(super) username: Option<String>,
    pub(super) password: Option<Text>,
    pub(super) password_file: Option<Text>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthorizationNode {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) credentials: Option<Text>,
    pub(super) credentials_file: Option<Text>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsNode {
    pub(super) ca_file: Option<Text>,
}

/// What Alertmanager does not know of.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnNode {
    /// Hosts that may have addresses of one's own network.
    pub(super) allow_internal: Option<Vec<String>>,
    pub(super) receivers: Option<Vec<OwnReceiverNode>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnReceiverNode {
    pub(super) name: Text,
    /// One for each of the other file, in its order.
    pub(super) webhook_configs: Option<Vec<OwnWebhookNode>>,
    pub(super) alertmanager_configs: Option<Vec<Node<PeersNode>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnWebhookNode {
    pub(super) signing_secret: Option<Text>,
    pub(super) signing_secret_file: Option<Text>,
    pub(super) body_template: Option<Text>,
    pub(super) headers: Option<std::collections::BTreeMap<String, Text>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeersNode {
    pub(super) urls: Vec<Text>,
    pub(super) resend_interval: Option<Text>,
    pub(super) http_config: Option<HttpNode>,
}
