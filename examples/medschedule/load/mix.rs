//! Which requests are sent, and how often.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use fastrand::Rng;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Lists twenty shifts.
    List,
    /// Asks for the shift report.
    Report,
    /// Plans a shift.
    Plan,
    /// Cancels a shift that this run has planned; plans one where there is none.
    Cancel,
    /// Opens a session.
    SignIn,
    /// Ends a session that this run has opened; opens one where there is none.
    SignOut,
    /// Asks how the service is.
    Health,
}

impl Kind {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 7] =
        [Self::List, Self::Report, Self::Plan, Self::Cancel, Self::SignIn, Self::SignOut, Self::Health];

    /// Its name, on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Report => "report",
            Self::Plan => "plan",
            Self::Cancel => "cancel",
            Self::SignIn => "sign-in",
            Self::SignOut => "sign-out",
            Self::Health => "health",
        }
    }
}

/// The share of each kind among the requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix([u32; Kind::ALL.len()]);

/// Why a mix was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MixError {
    /// A part is not a kind and a number.
    #[error("`{0}` is not of the form KIND=SHARE, with a whole share up to 1000000")]
    Part(String),
    /// There is no such kind.
    #[error("`{0}` is none of list, report, plan, cancel, sign-in, sign-out, health")]
    Unknown(String),
    /// A kind is named twice.
    #[error("`{0}` is named twice")]
    Twice(String),
    /// Nothing would be sent.
    #[error("all shares are 0")]
    Empty,
}

impl Mix {
    const LARGEST: u32 = 1_000_000;

    /// Draws a kind by its share.
    pub(super) fn draw(&self, random: &mut Rng) -> Kind {
        let mut rest = random.u32(0..self.0.iter().sum());
        for (kind, share) in Kind::ALL.into_iter().zip(self.0) {
            match rest.checked_sub(share) {
                Some(less) => rest = less,
                None => return kind,
            }
        }
        Kind::Health
    }
}

/// A working day: more is read than planned, and as many come as go.
impl Default for Mix {
    fn default() -> Self {
        Self([8, 2, 3, 2, 2, 2, 1])
    }
}

impl FromStr for Mix {
    type Err = MixError;

    fn from_str(text: &str) -> Result<Self, MixError> {
        let mut shares = [None; Kind::ALL.len()];
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let malformed = || MixError::Part(part.to_owned());
            let (name, share) = part.split_once('=').ok_or_else(malformed)?;
            let share = share.trim().parse().ok().filter(|share| *share <= Self::LARGEST);
            let share: u32 = share.ok_or_else(malformed)?;
            let name = name.trim();
            let position = Kind::ALL.iter().position(|kind| kind.name() == name);
            let position = position.ok_or_else(|| MixError::Unknown(name.to_owned()))?;
            if shares[position].replace(share).is_some() {
                return Err(MixError::Twice(name.to_owned()));
            }
        }
        let shares = shares.map(Option::unwrap_or_default);
        if shares.iter().all(|share| *share == 0) { Err(MixError::Empty) } else { Ok(Self(shares)) }
    }
}

impl Display for Mix {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let given = Kind::ALL.into_iter().zip(self.0).filter(|(_, share)| *share > 0);
        for (position, (kind, share)) in given.enumerate() {
            let comma = if position == 0 { "" } else { "," };
            write!(f, "{comma}{}={share}", kind.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_read_as_it_is_shown_and_drawn_by_its_shares() {
        let mix: Mix = "plan=3, list=1,health=0".parse().expect("a mix");
        assert_eq!(mix.to_string(), "list=1,plan=3");
        assert_eq!(Mix::default().to_string().parse(), Ok(Mix::default()));
        let mut random = Rng::with_seed(7);
        let planned = (0..4000).filter(|_| mix.draw(&mut random) == Kind::Plan).count();
        assert!((2800..3200).contains(&planned), "{planned}");
    }

    #[test]
    fn a_mix_that_means_nothing_is_refused() {
        for (text, error) in [
            ("", MixError::Empty),
            ("list=0", MixError::Empty),
            ("list", MixError::Part("list".into())),
            ("list=-1", MixError::Part("list=-1".into())),
            ("list=1000001", MixError::Part("list=1000001".into())),
            ("dance=1", MixError::Unknown("dance".into())),
            ("list=1,list=2", MixError::Twice("list".into())),
        ] {
            assert_eq!(text.parse::<Mix>(), Err(error), "{text}");
        }
    }
}
