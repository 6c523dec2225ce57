//! Sinks that post over HTTP.

use std::fmt::Display;

use super::load::Place;
use super::yaml::{GlobalNode, HttpNode, OwnWebhookNode, PeersNode, SlackNode, WebhookNode};
use crate::delivery::{AlertmanagerSink, Sink, SlackSink, WebhookError, WebhookSink, client};
use crate::rules_file::duration;
use crate::rules_file::yaml::{Node, Text};

const INTERNAL: &str =
    "the URL has an internal or reserved address; an internal one must be among `allow_internal`";

/// What a request brings along.
enum Credentials {
    Bearer(String),
    Basic(String, String),
    Other(String),
}

/// A sink whose requests can be given more.
trait Posting: Sized {
    fn with(self, credentials: &Credentials) -> Result<Self, WebhookError>;
    fn trusting(self, pem: &[u8]) -> Result<Self, WebhookError>;
}

impl Place<'_> {
    pub(super) fn webhook(
        &mut self,
        name: String,
        node: &Node<WebhookNode>,
        own: Option<&OwnWebhookNode>,
        global: &GlobalNode,
        ours: &mut Place<'_>,
    ) -> Option<Box<dyn Sink>> {
        let config = &node.value;
        let url = self.secret(config.url.as_ref(), config.url_file.as_ref(), "url").ok()?;
        let url = self.or_problem(node, url.ok_or("`url` or `url_file` is missing"))?;
        let at = config.url.as_ref().or(config.url_file.as_ref());
        let made =
            if self.leads_inwards(&url) { WebhookSink::internal(&url) } else { WebhookSink::new(&url) };
        let sink = self.made(node, at, made)?.named(name).send_resolved(config.send_resolved.unwrap_or(true));
        // As in Alertmanager zero is no limit.
        let most = config.max_alerts.as_ref().map_or(0, |most| most.value);
        let sink = if most > 0 { sink.max_alerts(most) } else { sink };
        let mut sink =
            self.with_http(node, sink, config.http_config.as_ref().or(global.http_config.as_ref()))?;
        let Some(own) = own else { return Some(Box::new(sink)) };
        let (text, file) = (own.signing_secret.as_ref(), own.signing_secret_file.as_ref());
        if let (Some(secret), Some(at)) = (ours.secret(text, file, "signing_secret").ok()?, text.or(file)) {
            sink = ours.or_problem(at, sink.signed(&secret))?;
        }
        if let Some(template) = &own.body_template {
            sink = ours.or_problem(template, sink.body_template(&template.value).map_err(of_template))?;
        }
        for (header, value) in own.headers.iter().flatten() {
            sink = ours.or_problem(value, sink.header(header, &value.value))?;
        }
        Some(Box::new(sink))
    }

    pub(super) fn slack(
        &mut self,
        name: String,
        node: &Node<SlackNode>,
        global: &GlobalNode,
    ) -> Option<Box<dyn Sink>> {
        let config = &node.value;
        let mut at = (config.api_url.as_ref(), config.api_url_file.as_ref());
        if at == (None, None) {
            at = (global.slack_api_url.as_ref(), global.slack_api_url_file.as_ref());
        }
        let url = self.secret(at.0, at.1, "api_url").ok()?;
        let missing = "`api_url` or `api_url_file` is missing, and so is `slack_api_url` of `global`";
        let url = self.or_problem(node, url.ok_or(missing))?;
        let made = if self.leads_inwards(&url) { SlackSink::internal(&url) } else { SlackSink::new(&url) };
        let sink = self.made(node, at.0.or(at.1), made)?.named(name);
        let mut sink = sink.send_resolved(config.send_resolved.unwrap_or(false));
        if let Some(channel) = &config.channel {
            sink = sink.channel(channel);
        }
        if let Some(username) = &config.username {
            sink = sink.username(username);
        }
        if let Some(icon) = &config.icon_emoji {
            sink = sink.icon_emoji(icon);
        }
        if let Some(title) = &config.title {
            sink = self.or_problem(title, sink.title(&title.value).map_err(of_template))?;
        }
        if let Some(text) = &config.text {
            sink = self.or_problem(text, sink.text(&text.value).map_err(of_template))?;
        }
        let sink = self.with_http(node, sink, config.http_config.as_ref().or(global.http_config.as_ref()))?;
        Some(Box::new(sink))
    }

    pub(super) fn alertmanager(&mut self, name: String, node: &Node<PeersNode>) -> Option<Box<dyn Sink>> {
        let config = &node.value;
        let urls = || config.urls.iter().map(|url| url.value.as_str());
        let internal = urls().all(|url| self.leads_inwards(url));
        let made = if internal { AlertmanagerSink::internal(urls()) } else { AlertmanagerSink::new(urls()) };
        let mut sink = self.made(node, config.urls.first(), made)?.named(name);
        if let Some(interval) = &config.resend_interval {
            let read = duration::parse(&interval.value).filter(|read| !read.is_zero());
            let read = self.or_problem(interval, read.ok_or("expected a duration like `1m`"))?;
            sink = sink.resend_interval(read);
        }
        let sink = self.with_http(node, sink, config.http_config.as_ref())?;
        Some(Box::new(sink))
    }

    fn leads_inwards(&self, url: &str) -> bool {
        client::parse(url).is_ok_and(|url| url.host_str().is_some_and(|host| self.is_internal(host)))
    }

    fn made<N, S>(&mut self, node: &Node<N>, at: Option<&Text>, made: Result<S, WebhookError>) -> Option<S> {
        let made = made.map_err(|error| match error {
            WebhookError::Address => INTERNAL.to_owned(),
            other => other.to_string(),
        });
        match at {
            Some(at) => self.or_problem(at, made),
            None => self.or_problem(node, made),
        }
    }

    fn with_http<N, S: Posting>(&mut self, node: &Node<N>, sink: S, config: Option<&HttpNode>) -> Option<S> {
        let Some(config) = config else { return Some(sink) };
        if let Some(follow) = config.follow_redirects.as_ref().filter(|follow| follow.value) {
            self.problem(follow, "redirects are never followed");
        }
        let mut sink = sink;
        if let Some(credentials) = self.credentials(config)? {
            sink = self.or_problem(node, sink.with(&credentials))?;
        }
        if let Some(file) = config.tls_config.as_ref().and_then(|tls| tls.ca_file.as_ref()) {
            let pem = self.read(file)?;
            sink = self.or_problem(file, sink.trusting(pem.as_bytes()))?;
        }
        Some(sink)
    }

    /// `None` where that was told.
    fn credentials(&mut self, config: &HttpNode) -> Option<Option<Credentials>> {
        let (token, file) = (config.bearer_token.as_ref(), config.bearer_token_file.as_ref());
        let bearer = self.secret(token, file, "bearer_token").ok()?.map(Credentials::Bearer);
        let basic = match &config.basic_auth {
            None => None,
            Some(node) => {
                let basic = &node.value;
                let (text, file) = (basic.password.as_ref(), basic.password_file.as_ref());
                let password = self.secret(text, file, "password").ok()?.unwrap_or_default();
                Some(Credentials::Basic(basic.username.clone().unwrap_or_default(), password))
            }
        };
        let other = match &config.authorization {
            None => None,
            Some(node) => {
                let (text, file) = (node.value.credentials.as_ref(), node.value.credentials_file.as_ref());
                let secret = self.secret(text, file, "credentials").ok()?.unwrap_or_default();
                let kind = node.value.kind.as_deref().unwrap_or("Bearer");
                Some(Credentials::Other(format!("{kind} {secret}")))
            }
        };
        let mut given = [bearer, basic, other].into_iter().flatten();
        let first = given.next();
        if given.next().is_some() {
            let at = config.basic_auth.as_ref().map(crate::rules_file::position::of);
            let at = at.or_else(|| config.authorization.as_ref().map(crate::rules_file::position::of));
            self.problem_at(
                at.unwrap_or((1, 1)),
                "at most one of `basic_auth`, `authorization` and `bearer_token` may stand",
            );
            return None;
        }
        Some(first)
    }
}

/// Where in the template, whose lines are not those of the file.
fn of_template(error: impl Display) -> String {
    format!("template: {error}")
}

macro_rules! posting {
    ($sink:ty) => {
        impl Posting for $sink {
            fn with(self, credentials: &Credentials) -> Result<Self, WebhookError> {
                match credentials {
                    Credentials::Bearer(token) => self.bearer(token),
                    Credentials::Basic(user, password) => self.basic(user, password),
                    Credentials::Other(value) => self.header("Authorization", value),
                }
            }

            fn trusting(self, pem: &[u8]) -> Result<Self, WebhookError> {
                self.root_certificates(pem)
            }
        }
    };
}

posting!(WebhookSink);
posting!(SlackSink);
posting!(AlertmanagerSink);
