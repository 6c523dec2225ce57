//! What the name of a field tells of its value.

use super::Kind;

/// What the value of a field is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Password,
    /// Like `Password`, but of four characters at least: others are the pins of chips.
    Pin,
    /// Like `Password`, but a small number is just a number.
    Token,
    /// A header that may begin with the name of a scheme.
    Authorization,
    Cookie,
    Name,
    /// A name only if it looks like one.
    Person,
    Tckn,
    Phone,
    Email,
    Iban,
    Card,
    /// Named by the program.
    Own,
    /// Like `Password`, but in a sentence, where a bare word counts only if it looks like none.
    Told,
}

impl KeyKind {
    /// What such a value is reported as.
    pub(crate) fn found(self) -> Kind {
        match self {
            Self::Password | Self::Pin | Self::Token | Self::Cookie | Self::Told => Kind::Password,
            Self::Authorization => Kind::Bearer,
            Self::Name | Self::Person => Kind::PatientName,
            Self::Tckn => Kind::Tckn,
            Self::Phone => Kind::Phone,
            Self::Email => Kind::Email,
            Self::Iban => Kind::Iban,
            Self::Card => Kind::Card,
            Self::Own => Kind::Named,
        }
    }

    /// Opens a door.
    pub(crate) fn is_secret(self) -> bool {
        matches!(self, Self::Password | Self::Pin | Self::Token | Self::Told)
    }

    /// A number or an address of somebody, which is known by its looks too.
    pub(crate) fn is_personal(self) -> bool {
        matches!(self, Self::Tckn | Self::Phone | Self::Email | Self::Iban | Self::Card)
    }
}
