//! All silences, those that have ended for a while too.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Matchers, Silence, SilenceError};
use crate::labels::Labels;

/// How long one that has ended is still shown, as in Alertmanager.
const KEPT: SignedDuration = SignedDuration::from_hours(120);
/// Far more than people make.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Silences(BTreeMap<String, Silence>);

/// What a silence is to be; of one that has an id, what it is to become.
pub(crate) struct Wanted {
    pub(crate) id: Option<String>,
    pub(crate) matchers: Matchers,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) created_by: String,
    pub(crate) comment: String,
}

impl Silences {
    pub(crate) fn restore(&mut self, silence: Silence) {
        self.0.insert(silence.id.clone(), silence);
    }

    /// Sets a silence; gives what has changed. As in Alertmanager one that has begun can only end at another time: anything else
    /// ends it, and another takes its place.
    pub(crate) fn set(&mut self, wanted: Wanted, now: Timestamp) -> Result<Vec<Silence>, SilenceError> {
        if wanted.ends_at <= wanted.starts_at || wanted.ends_at <= now {
            return Err(SilenceError::Time);
        }
        let goes_on = |known: &Silence| {
            let began = known.starts_at <= now;
            known.matchers == wanted.matchers
                && known.ends_at > now
                && if began { known.starts_at == wanted.starts_at } else { wanted.starts_at >= now }
        };
        let known = |id: &String| self.0.get(id).ok_or_else(|| SilenceError::NotFound(id.clone()));
        let before = wanted.id.as_ref().map(known).transpose()?;
        let id = before.filter(|known| goes_on(known)).map(|known| known.id.clone());
        if id.is_none() && self.0.len() >= MOST {
            return Err(SilenceError::TooMany(MOST));
        }
        let mut changed = Vec::new();
        let replaced = wanted.id.as_ref().filter(|_| id.is_none()).and_then(|before| self.0.get_mut(before));
        if let Some(known) = replaced.filter(|known| known.ends_at > now) {
            end(known, now);
            changed.push(known.clone());
        }
        // One that is new holds from now on, not for what was.
        let starts_at = if id.is_some() { wanted.starts_at } else { wanted.starts_at.max(now) };
        let silence = Silence {
            id: id.unwrap_or_else(new_id),
            matchers: wanted.matchers,
            starts_at,
            ends_at: wanted.ends_at,
            updated_at: now,
            created_by: wanted.created_by,
            comment: wanted.comment,
        };
        self.0.insert(silence.id.clone(), silence.clone());
        changed.push(silence);
        Ok(changed)
    }

    /// Ends a silence; gives it as it is then, or nothing if it had ended.
    pub(crate) fn expire(&mut self, id: &str, now: Timestamp) -> Result<Option<Silence>, SilenceError> {
        let silence = self.0.get_mut(id).ok_or_else(|| SilenceError::NotFound(id.to_owned()))?;
        if silence.ends_at <= now {
            return Ok(None);
        }
        end(silence, now);
        Ok(Some(silence.clone()))
    }

    pub(crate) fn list(&self) -> impl Iterator<Item = &Silence> {
        self.0.values()
    }

    /// Those that hold.
    pub(crate) fn active(&self, now: Timestamp) -> Vec<&Silence> {
        self.0.values().filter(|silence| silence.is_active_at(now)).collect()
    }

    /// Forgets what ended long ago, and gives the ids.
    pub(crate) fn forget(&mut self, now: Timestamp) -> Vec<String> {
        let over = |silence: &Silence| now.duration_since(silence.ends_at) > KEPT;
        self.0.extract_if(.., |_, silence| over(silence)).map(|(id, _)| id).collect()
    }
}

/// Whether one of these means an alert.
pub(crate) fn any_means(active: &[&Silence], labels: &Labels) -> bool {
    active.iter().any(|silence| silence.matchers.matches(labels))
}

fn end(silence: &mut Silence, now: Timestamp) {
    silence.starts_at = silence.starts_at.min(now);
    (silence.ends_at, silence.updated_at) = (now, now);
}

/// A random UUID: Alertmanager's clients take nothing else.
fn new_id() -> String {
    let bits = fastrand::u128(..);
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | 4 << 76 | 2 << 62;
    let hex = format!("{bits:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_no_room_the_old_one_holds_on() {
        let now = Timestamp::now();
        let wanted = |id: Option<&str>, matchers: &str, hours| Wanted {
            id: id.map(str::to_owned),
            matchers: matchers.parse().unwrap(),
            starts_at: now,
            ends_at: now + SignedDuration::from_hours(hours),
            created_by: String::new(),
            comment: String::new(),
        };
        let mut silences = Silences::default();
        let id = silences.set(wanted(None, "a=\"1\"", 1), now).unwrap()[0].id.clone();
        while silences.0.len() < MOST {
            silences.set(wanted(None, "b=\"1\"", 1), now).unwrap();
        }
        let refused = silences.set(wanted(Some(&id), "a=\"2\"", 1), now);
        assert!(matches!(refused, Err(SilenceError::TooMany(MOST))));
        assert!(silences.0[&id].is_active_at(now));
        let longer = silences.set(wanted(Some(&id), "a=\"1\"", 2), now).unwrap();
        assert_eq!((longer.len(), &longer[0].id), (1, &id));
    }
}
