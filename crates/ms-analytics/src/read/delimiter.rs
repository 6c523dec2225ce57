//! What stands between columns.

/// What separates the columns of CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delimiter {
    /// `,`
    #[default]
    Comma,
    /// `;`, as spreadsheets write where decimals have a comma.
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Bar,
}

impl Delimiter {
    const ALL: [Self; 4] = [Self::Tab, Self::Semicolon, Self::Bar, Self::Comma];

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Bar => b'|',
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Comma => "commas",
            Self::Semicolon => "semicolons",
            Self::Tab => "tabs",
            Self::Bar => "vertical bars",
        }
    }

    /// As it is written on a command line.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Comma => "','",
            Self::Semicolon => "';'",
            Self::Tab => "tab",
            Self::Bar => "'|'",
        }
    }

    /// The one that separates the columns of a header in which this one does not occur.
    pub(super) fn other(this: Self, header: &str) -> Option<Self> {
        let others = Self::ALL.into_iter().filter(|other| *other != this);
        others.into_iter().find(|other| header.as_bytes().contains(&other.byte()))
    }
}
