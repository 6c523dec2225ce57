//! What is mounted, from `/proc/self/mountinfo`: reading it asks no file system anything, so it cannot hang.

use std::path::Path;

/// A line of the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// Major and minor number: one for all places where one file system is mounted.
    pub(super) device: String,
    /// What of the file system is mounted.
    pub(super) root: String,
    pub(super) point: String,
    pub(super) kind: String,
    /// Those of the file system; for cgroup v1 the controllers are among them.
    pub(super) options: String,
}

/// Reads the table of the machine whose files are under `root`, oldest mount first.
pub(super) fn mounts(root: &Path) -> Option<Vec<Mount>> {
    let table = std::fs::read(root.join("proc/self/mountinfo")).ok()?;
    Some(String::from_utf8_lossy(&table).lines().filter_map(mount).collect())
}

fn mount(line: &str) -> Option<Mount> {
    // Optional fields end in a lone hyphen.
    let (place, source) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(2);
    let (device, root, point) = (place.next()?, place.next()?, place.next()?);
    let mut source = source.split(' ');
    let (kind, options) = (source.next()?, source.nth(1).unwrap_or_default());
    let owned = str::to_owned;
    Some(Mount {
        device: owned(device),
        root: unescaped(root),
        point: unescaped(point),
        kind: owned(kind),
        options: owned(options),
    })
}

/// Spaces, tabs, line ends and backslashes are written as a backslash and three octal digits.
fn unescaped(text: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, escaped)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = escaped.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        let letter = code.filter(u8::is_ascii).map(char::from);
        plain.push(letter.unwrap_or('\\'));
        rest = if letter.is_some() { escaped.get(3..).unwrap_or_default() } else { escaped };
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_and_without_optional_fields() {
        let line =
            r"36 35 98:0 /mnt1 /my\040data rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue";
        let seen = mount(line).unwrap();
        let texts = [seen.device, seen.root, seen.point, seen.kind, seen.options];
        assert_eq!(texts, ["98:0", "/mnt1", "/my data", "ext3", "rw,errors=continue"]);
        assert_eq!(mount("22 27 0:21 / /proc rw - proc proc rw").unwrap().kind, "proc");
        for broken in ["", "22", "22 27 0:21 / /proc rw proc", " - ", "22 27 0:21 - ext4"] {
            assert_eq!(mount(broken), None, "{broken}");
        }
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescaped(r"/a\040b\134c\011"), "/a b\\c\t");
        assert_eq!(unescaped(r"\04"), r"\04");
        assert_eq!(unescaped(r"/ş\999"), r"/ş\999");
        assert_eq!(unescaped(r"\377"), r"\377");
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(line: String) {
            let _ = mount(&line);
            let _ = mount(&format!("1 2 3:4 / \\{line} rw - ext4 a {line}"));
        }
    }
}
