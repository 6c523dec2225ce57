//! Rule files, patterns and texts, read together.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::{RuleFileError, parse, read};
use crate::group::Group;
use crate::identity::identify;

/// Where rules come from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    File(PathBuf),
    /// Files by a pattern.
    Pattern(String),
    /// A text that stands for the file of this name.
    Text(String, String),
}

/// The rules of all origins, in their order.
#[derive(Debug, Default)]
pub(crate) struct RuleSet {
    origins: Vec<Origin>,
    /// A file that is named twice is read once, as in Prometheus.
    read: HashSet<PathBuf>,
    groups: Vec<Group>,
}

impl RuleSet {
    /// Reads all of them.
    pub(crate) fn read(origins: &[Origin]) -> Result<Vec<Group>, RuleFileError> {
        let (mut set, mut groups) = (Self::default(), Vec::new());
        origins.iter().try_for_each(|origin| set.add(origin.clone()))?;
        set.take_into(&mut groups);
        Ok(groups)
    }

    /// Adds the groups to others; gives where they are from.
    pub(crate) fn take_into(mut self, groups: &mut Vec<Group>) -> Vec<Origin> {
        identify(&mut self.groups);
        groups.append(&mut self.groups);
        self.origins
    }

    /// Reads one more origin. After an error the set is as it was, but for files that are not read again.
    pub(crate) fn add(&mut self, origin: Origin) -> Result<(), RuleFileError> {
        match &origin {
            Origin::File(path) => self.add_file(path)?,
            Origin::Pattern(pattern) => {
                let found = find(pattern)?;
                if found.is_empty() {
                    return Err(RuleFileError::NoFile { pattern: pattern.clone() });
                }
                found.iter().try_for_each(|path| self.add_file(path))?;
            }
            Origin::Text(name, text) => self.groups.extend(parse(name, text)?),
        }
        self.origins.push(origin);
        Ok(())
    }

    fn add_file(&mut self, path: &Path) -> Result<(), RuleFileError> {
        if self.read.insert(path.to_owned()) {
            self.groups.extend(read(path)?);
        }
        Ok(())
    }
}

/// Finds the files of a pattern, sorted by their paths.
pub(crate) fn find(pattern: &str) -> Result<Vec<PathBuf>, RuleFileError> {
    let paths = glob::glob(pattern)
        .map_err(|source| RuleFileError::Pattern { pattern: pattern.to_owned(), source: source.into() })?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| RuleFileError::Read {
            file: error.path().display().to_string(),
            source: error.into(),
        })?;
        if !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
