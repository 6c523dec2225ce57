//! What one request asks for.

use http::header::{ACCEPT, ACCEPT_LANGUAGE};
use http::request::Parts;

use crate::endpoint::{Endpoint, Question};
use crate::health::HealthCheck;
use crate::report::Report;
use crate::show::{self, Answer, Format, Language};
use crate::shutdown::Phase;
use crate::slot::Slot;
use crate::status::Status;

pub(crate) struct Asked {
    question: Question,
    details: bool,
    format: Format,
    language: Language,
    verbose: bool,
    /// What `?exclude=` leaves out of the list of Kubernetes.
    excluded: Vec<String>,
}

/// The lines of the life of the service in that list.
const STARTUP: &str = "startup";
const SHUTDOWN: &str = "shutdown";

impl Asked {
    /// Allocates only for `?exclude=`.
    pub(crate) fn new(health: &HealthCheck, question: Question, request: &Parts) -> Self {
        let mut asked = Self {
            question,
            details: health.0.access.allows(request),
            format: Format::accepted(&request.headers, ACCEPT).unwrap_or(health.0.format),
            language: Language::accepted(&request.headers, ACCEPT_LANGUAGE),
            verbose: false,
            excluded: Vec::new(),
        };
        if let (Some(_), Some(query)) = (asked.kubernetes_name(), request.uri.query()) {
            for (key, value) in form_urlencoded::parse(query.as_bytes()) {
                match &*key {
                    "verbose" => asked.verbose = true,
                    "exclude" => asked.excluded.push(value.into_owned()),
                    _ => {}
                }
            }
        }
        asked
    }

    fn kubernetes_name(&self) -> Option<&'static str> {
        match self.question {
            Question::Endpoint(endpoint) => endpoint.kubernetes_name(),
            Question::Group(_) => None,
        }
    }

    /// The answer, where it needs no waiting.
    pub(crate) fn answer_at_once(&self, health: &HealthCheck) -> Option<Answer> {
        let known = match self.question {
            Question::Endpoint(Endpoint::Live | Endpoint::Livez) if self.details => {
                health.liveness_of(|beat| !self.leaves_out(beat.name())).into()
            }
            Question::Endpoint(Endpoint::Live | Endpoint::Livez) => {
                Known::Status(health.live_status_of(|beat| !self.leaves_out(beat.name())))
            }
            Question::Endpoint(Endpoint::Startup | Endpoint::Startupz) => {
                health.life(|phase| phase != Phase::Starting || self.leaves_out(STARTUP)).into()
            }
            Question::Endpoint(endpoint) if endpoint.is_readiness() => {
                match health.not_serving(|phase| self.minds(phase)) {
                    Some(report) => report.into(),
                    None => self.fresh(health)?,
                }
            }
            Question::Endpoint(_) | Question::Group(_) => self.fresh(health)?,
        };
        Some(match known {
            Known::Status(status) => self.bare(health, status),
            Known::Report(report) => self.show(health, &report),
        })
    }

    fn fresh(&self, health: &HealthCheck) -> Option<Known> {
        let wanted = |slot: &Slot| self.wants(health, slot);
        if self.details {
            health.fresh_report(wanted).map(Known::from)
        } else {
            health.fresh_status(wanted).map(Known::Status)
        }
    }

    pub(crate) async fn answer(self, health: HealthCheck) -> Answer {
        let wanted = |slot: &Slot| self.wants(&health, slot);
        let report = match self.question {
            Question::Endpoint(endpoint) if endpoint.is_readiness() => {
                health.readiness_of(wanted, |phase| self.minds(phase)).await
            }
            Question::Endpoint(_) | Question::Group(_) => health.ask(wanted).await,
        };
        self.show(&health, &report)
    }

    fn wants(&self, health: &HealthCheck, slot: &Slot) -> bool {
        match self.question {
            Question::Group(number) => health.0.groups.get(number).is_some_and(|group| group.has(slot)),
            Question::Endpoint(endpoint) if endpoint.is_readiness() => {
                slot.check.critical && !self.leaves_out(&slot.check.name)
            }
            Question::Endpoint(_) => true,
        }
    }

    fn leaves_out(&self, name: &str) -> bool {
        self.excluded.iter().any(|excluded| excluded == name)
    }

    /// Tells whether readiness falls in this phase.
    fn minds(&self, phase: Phase) -> bool {
        match phase {
            Phase::Starting => !self.leaves_out(STARTUP),
            Phase::Serving => false,
            Phase::Draining(_) => !self.leaves_out(SHUTDOWN),
        }
    }

    fn show(&self, health: &HealthCheck, report: &Report) -> Answer {
        let code = health.0.mapping.code(report.status());
        if !self.details {
            return self.bare(health, report.status());
        }
        if let Some(name) = self.kubernetes_name() {
            return show::kubernetes(name, code, self.kubernetes_list(health, report), self.verbose);
        }
        match self.question {
            Question::Endpoint(Endpoint::Status) => {
                show::page(health, Some(report), report.status(), self.language)
            }
            Question::Endpoint(Endpoint::Explain) => show::json(code, &health.explain()),
            _ => show::report(self.format, code, report, &self.groups(health)),
        }
    }

    /// The names that Spring lists beside the components of the root.
    fn groups<'a>(&self, health: &'a HealthCheck) -> Vec<&'a str> {
        if self.question != Question::Endpoint(Endpoint::Health) {
            return Vec::new();
        }
        let own = health.0.groups.iter().map(|group| group.name());
        ["live", "ready", "startup"].into_iter().chain(own).collect()
    }

    fn kubernetes_list<'a>(
        &'a self,
        health: &'a HealthCheck,
        report: &'a Report,
    ) -> show::KubernetesList<'a> {
        let mut list = show::KubernetesList::new(&self.excluded);
        // Those that were asked, in the order of the names below.
        let mut asked = report.checks().iter().peekable();
        let mut add = |list: &mut show::KubernetesList<'a>, name: &'a str| {
            let check = asked.next_if(|check| check.name() == name);
            list.add(name, check.map(|check| !health.0.mapping.fails(check.status())));
        };
        match self.question {
            Question::Endpoint(Endpoint::Livez) => {
                list.add("ping", Some(true));
                health.0.heartbeats.iter().for_each(|beat| add(&mut list, beat.name()));
            }
            Question::Endpoint(Endpoint::Startupz) => list.add(STARTUP, Some(!report.starting())),
            _ => {
                list.add(STARTUP, Some(!report.starting()));
                list.add(SHUTDOWN, Some(!report.shutting_down()));
                let critical = health.0.slots.iter().filter(|slot| slot.check.critical);
                critical.for_each(|slot| add(&mut list, &slot.check.name));
            }
        }
        list
    }

    fn bare(&self, health: &HealthCheck, status: Status) -> Answer {
        let code = health.0.mapping.code(status);
        match (self.kubernetes_name(), self.question) {
            (Some(name), _) => show::kubernetes_bare(name, code),
            (None, Question::Endpoint(Endpoint::Status)) => show::page(health, None, status, self.language),
            (None, _) => show::bare(self.format, code, status),
        }
    }
}

enum Known {
    Status(Status),
    Report(Report),
}

impl From<Report> for Known {
    fn from(report: Report) -> Self {
        Self::Report(report)
    }
}
