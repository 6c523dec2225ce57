//! The data directory, the log and the token's file.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Finding;
use crate::config::Config;

/// What a service writes in its first minutes.
const ROOM: usize = 8 << 20;
const OTHERS_MAY_READ: u32 = 0o004;

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![data(&config.data_dir), log(config)];
    findings.extend(config.token_file.as_deref().and_then(token));
    findings
}

fn data(directory: &Path) -> Finding {
    let (subject, shown) = ("data directory", directory.display());
    if !directory.exists() {
        let above =
            directory.ancestors().skip(1).find(|above| above.exists() || above.as_os_str().is_empty());
        let above = above.filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return match write_in(above) {
            Ok(()) => Finding::good(subject, format!("{shown} will be created")),
            Err(error) => Finding::bad(
                subject,
                format!("{shown} cannot be created in {}: {error}", above.display()),
                "create it for the service's user, or give --data-dir",
            ),
        };
    }
    match write_in(directory) {
        Ok(()) => Finding::good(subject, format!("{shown} takes files")),
        Err(error) => {
            let advice = match error.kind() {
                io::ErrorKind::StorageFull => "make room: nothing can be planned on a full disk",
                io::ErrorKind::NotADirectory => "give --data-dir with a directory",
                _ => "let the service's user write there, or give --data-dir",
            };
            Finding::bad(subject, format!("{shown}: {error}"), advice)
        }
    }
}

/// Writes as much as the service soon will, in a file that has no name.
fn write_in(directory: &Path) -> io::Result<()> {
    let mut file = tempfile::tempfile_in(directory)?;
    file.write_all(&vec![0; ROOM])?;
    file.sync_all()
}

fn log(config: &Config) -> Finding {
    let (subject, file) = ("log", config.log_file());
    let shown = file.display();
    let opened = OpenOptions::new().append(true).open(&file);
    match opened.and_then(|opened| opened.metadata()) {
        Ok(found) if !found.is_file() => Finding::doubtful(
            subject,
            format!("{shown} is no ordinary file, and not rotated"),
            "move it away",
        ),
        Ok(found) if found.permissions().mode() & OTHERS_MAY_READ != 0 => Finding::doubtful(
            subject,
            format!("{shown} can be read by every user"),
            format!("chmod 640 {shown}"),
        ),
        Ok(_) => Finding::good(subject, format!("{shown} takes lines")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Finding::good(subject, format!("{shown} will be created"))
        }
        Err(error) => Finding::bad(
            subject,
            format!("{shown}: {error}"),
            "let the service's user write it, or move it away",
        ),
    }
}

/// Nothing unless everybody may read the file; whether it can be used the configuration tells.
fn token(file: &Path) -> Option<Finding> {
    let mode = fs::metadata(file).ok()?.permissions().mode();
    let shown = file.display();
    (mode & OTHERS_MAY_READ != 0).then(|| {
        Finding::doubtful("token", format!("{shown} can be read by every user"), format!("chmod 600 {shown}"))
    })
}
