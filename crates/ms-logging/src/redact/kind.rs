//! What was found, and where.

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A Turkish identity number with the right check digits, or the value of a field named for one.
    Tckn,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// An account number with the right check digits.
    Iban,
    /// A payment card: a known issuer, the right check digit and a usual grouping.
    Card,
    /// A JSON web token.
    Jwt,
    /// A credential after `Bearer`, `Basic` and the like, or a token of a known make.
    Bearer,
    /// A password in a URL or a connection string.
    DsnSecret,
    /// A token in the query of a URL.
    UrlSecret,
    /// The value of a field named for a password, token or key.
    Password,
    /// The value of a field named for somebody's name.
    PatientName,
    /// The value of a field that the program named.
    Named,
    /// What a rule of the program found, by the rule's name.
    Custom(&'static str),
    /// A whole text, since looking for parts of it failed.
    Failed,
}

impl Kind {
    /// The kind in lower case, as in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tckn => "tckn",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Iban => "iban",
            Self::Card => "card",
            Self::Jwt => "jwt",
            Self::Bearer => "bearer",
            Self::DsnSecret => "dsn_secret",
            Self::UrlSecret => "url_secret",
            Self::Password => "password",
            Self::PatientName => "patient_name",
            Self::Named => "named",
            Self::Custom(name) => name,
            Self::Failed => "failed",
        }
    }

    /// Whether it tells of a person rather than opens a door.
    pub(crate) fn is_personal(self) -> bool {
        !matches!(
            self,
            Self::Jwt | Self::Bearer | Self::DsnSecret | Self::UrlSecret | Self::Password | Self::Failed
        )
    }
}

/// A part of a text that is redacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}
