//! The whole in a few words; screen readers say it when it changes.

use std::fmt::{self, Formatter};

use super::{View, pill};

pub(super) fn inner(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    write!(f, "{} ", pill(view.health.status().as_str(), view.language))?;
    let firing = view.alerts.iter().filter(|alert| alert.state == "firing").count();
    match firing {
        0 => f.write_str(say("no alert fires", "etkin alarm yok")),
        1 => write!(f, "<a href=\"#alerts\">{}</a>", say("1 alert fires", "1 alarm etkin")),
        more => write!(f, "<a href=\"#alerts\">{more} {}</a>", say("alerts fire", "alarm etkin")),
    }
}
