//! Whether a trail is as it was written.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use super::AuditKey;
use super::chain::{Chain, Link};
use super::error::{Break, VerifyError};
use super::receipt::Recorded;

/// No record is longer; a file that is none must not fill the memory.
const LONGEST: u64 = 1024 * 1024;

/// What a trail that verifies holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The number of records.
    pub records: u64,
    /// The last one; nothing if there is none.
    pub last: Option<Recorded>,
}

/// Reads an audit trail and checks every record and that none was changed, removed, put in or moved. One that is
/// being written may end in the middle of a record, which then is no valid line.
///
/// # Errors
///
/// - [`VerifyError::Broken`] names the first line that is not as it was written.
/// - [`VerifyError::Read`]: the file cannot be read.
pub fn verify_audit(path: impl AsRef<Path>, key: Option<&AuditKey>) -> Result<Verified, VerifyError> {
    verify(path.as_ref(), key, None)
}

/// Does so, and checks that a record which was kept elsewhere is still in the trail: nothing up to there was cut off, and no
/// other trail put in its place.
///
/// # Errors
///
/// As [`verify_audit`], and [`VerifyError::Gone`] if the record is not in it.
pub fn verify_audit_since(
    path: impl AsRef<Path>,
    key: Option<&AuditKey>,
    kept: &Recorded,
) -> Result<Verified, VerifyError> {
    verify(path.as_ref(), key, Some(kept))
}

fn verify(path: &Path, key: Option<&AuditKey>, kept: Option<&Recorded>) -> Result<Verified, VerifyError> {
    let unread = |source| VerifyError::Read { path: path.to_owned(), source };
    let mut file = BufReader::new(File::open(path).map_err(unread)?);
    let mut chain = Chain::new(key.cloned());
    let (mut bytes, mut line, mut seen) = (Vec::new(), 0, kept.is_none());
    while (&mut file).take(LONGEST).read_until(b'\n', &mut bytes).map_err(unread)? > 0 {
        line += 1;
        check(&bytes, &mut chain).map_err(|reason| VerifyError::Broken {
            path: path.to_owned(),
            line,
            reason,
        })?;
        seen |= chain.last() == kept;
        bytes.clear();
    }
    match kept.filter(|_| !seen) {
        Some(kept) => Err(VerifyError::Gone { path: path.to_owned(), seq: kept.seq }),
        None => Ok(Verified { records: line, last: chain.last().cloned() }),
    }
}

fn check(line: &[u8], chain: &mut Chain) -> Result<(), Break> {
    let text = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
    let link = text.and_then(Link::parse).ok_or(Break::Form)?;
    if !chain.holds(&link) {
        return Err(Break::Hash);
    }
    if link.seq != chain.next_seq() || link.prev != chain.last_hash() {
        return Err(Break::Order);
    }
    chain.follow(link.seq, link.hash);
    Ok(())
}
