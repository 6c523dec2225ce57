//! Errors on one line, for people who have only one.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// Shows an error and all its causes: `the database does not answer: Connection refused`.
#[derive(Debug)]
pub struct Chain<E>(pub E);

impl<E: AsRef<dyn Error + Send + Sync>> Display for Chain<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut error: &dyn Error = self.0.as_ref();
        let mut line = error.to_string();
        while let Some(cause) = error.source() {
            error = cause;
            let cause = error.to_string();
            // Some errors show their cause themselves.
            if !line.ends_with(&cause) {
                line = format!("{line}: {cause}");
            }
        }
        f.write_str(&line)
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Chain<Box<dyn Error + Send + Sync>> {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    #[test]
    fn every_cause_is_told() {
        let error = StoreError::Database(sqlx::Error::Io(std::io::Error::other("refused")));
        let line = Chain::from(error).to_string();
        assert!(line.starts_with("the database does not answer: ") && line.ends_with(": refused"), "{line}");
        assert_eq!(line.matches("refused").count(), 1, "{line}");
    }
}
