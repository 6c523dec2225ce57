//! Sinks that send mail.

use super::load::Place;
use super::yaml::{EmailNode, GlobalNode};
use crate::delivery::{EmailError, EmailSink, Sink};
use crate::rules_file::yaml::{Node, Text};

/// Where mail is given in that begins with TLS, as Alertmanager has it.
const IMPLICIT: u16 = 465;

impl Place<'_> {
    pub(super) fn email(
        &mut self,
        name: String,
        node: &Node<EmailNode>,
        global: &GlobalNode,
    ) -> Option<Box<dyn Sink>> {
        let config = &node.value;
        let from = config.from.as_ref().or(global.smtp_from.as_ref());
        let from =
            self.or_problem(node, from.ok_or("`from` is missing, and so is `smtp_from` of `global`"))?;
        let smarthost = config.smarthost.as_ref().or(global.smtp_smarthost.as_ref());
        let missing = "`smarthost` is missing, and so is `smtp_smarthost` of `global`";
        let smarthost = self.or_problem(node, smarthost.ok_or(missing))?;
        let address =
            smarthost.value.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port): (&str, u16) =
            self.or_problem(smarthost, address.ok_or("expected host and port, like `smtp.example.org:587`"))?;
        let to = config.to.value.split(',').map(str::trim).filter(|to| !to.is_empty());
        let made = match self.is_internal(host) {
            true => EmailSink::internal(host, &from.value, to),
            false => EmailSink::new(host, &from.value, to),
        };
        let at: &Text = match made {
            Err(EmailError::From) => from,
            Err(EmailError::To { .. } | EmailError::NobodyToTell) => &config.to,
            _ => smarthost,
        };
        let made = made.map_err(|error| match error {
            EmailError::Address => {
                "the mail server has an internal or reserved address; an internal one must be \
                                    among `allow_internal`"
                    .to_owned()
            }
            other => other.to_string(),
        });
        let mut sink = self.or_problem(at, made)?.named(name).port(port);
        sink = sink.send_resolved(config.send_resolved.unwrap_or(false));
        if port == IMPLICIT {
            sink = sink.implicit_tls();
        } else if !config.require_tls.or(global.smtp_require_tls).unwrap_or(true) {
            sink = self.or_problem(node, sink.without_tls())?;
        }
        let hello = config.hello.as_ref().or(global.smtp_hello.as_ref());
        if let Some(hello) = hello {
            sink = self.or_problem(hello, sink.hello(&hello.value))?;
        }
        if let Some(file) = config.tls_config.as_ref().and_then(|tls| tls.ca_file.as_ref()) {
            let pem = self.read(file)?;
            sink = self.or_problem(file, sink.root_certificates(pem.as_bytes()))?;
        }
        if let Some(subject) = config.headers.as_ref().and_then(|headers| headers.subject.as_ref()) {
            let read = sink.subject(&subject.value).map_err(|error| format!("template: {error}"));
            sink = self.or_problem(subject, read)?;
        }
        let user = config.auth_username.as_ref().or(global.smtp_auth_username.as_ref());
        let Some(user) = user.filter(|user| !user.value.is_empty()) else { return Some(Box::new(sink)) };
        let mut password = (config.auth_password.as_ref(), config.auth_password_file.as_ref());
        if password == (None, None) {
            password = (global.smtp_auth_password.as_ref(), global.smtp_auth_password_file.as_ref());
        }
        let password = self.secret(password.0, password.1, "auth_password").ok()?.unwrap_or_default();
        let sink = self.or_problem(user, sink.credentials(&user.value, &password))?;
        Some(Box::new(sink))
    }
}
