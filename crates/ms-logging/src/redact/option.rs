//! Options of commands: `--password hunter2`, `-u root:hunter2`, `-phunter2`.

use super::pair;
use super::rules::{Found, before};
use super::value::{Value, unquoted};
use super::{Kind, keys::LONGEST_NAME, replace};

/// Programs whose option of one letter is a password, and that letter.
const PROGRAMS: [(&str, &str); 9] = [
    ("docker login", "-p"),
    ("podman login", "-p"),
    ("az login", "-p"),
    ("mysql", "-p"),
    ("mariadb", "-p"),
    ("sshpass", "-p"),
    ("redis-cli", "-a"),
    ("mongo", "-p"),
    ("ldap", "-w"),
];
/// Those whose password is a word of its own.
const SPACED: [&str; 3] = ["sshpass", " login", "mongo"];
/// How far before an option its program is looked for.
const NEAR: usize = 128;
const SHORTEST: usize = 4;

/// Looks at the dash at `at`.
pub(crate) fn at(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    long(text, at, found).or_else(|| login(text, at, found)).or_else(|| short(text, at, found))
}

/// `--password hunter2`.
fn long(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let near = text.floor_char_boundary(at + LONGEST_NAME);
    let rest = text.get(at..near)?.strip_prefix("--")?;
    let length = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'))?;
    let kind = found.keys.kind(rest.get(..length)?)?;
    let behind = at + 2 + length;
    let spaced = text.as_bytes().get(behind) == Some(&b' ');
    let value = Value::behind(text, behind).filter(|_| spaced)?;
    if value.get().starts_with("--") {
        return None;
    }
    pair::add(kind, &value, found)
}

/// `-u root:hunter2`, as curl takes it; two numbers are a user and a group, or a host and a port.
fn login(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let rest = text.get(at..)?;
    let flag = ["-u ", "--user "].iter().find(|flag| rest.starts_with(**flag))?;
    let start = at + flag.len();
    let word = text.get(start..start + unquoted(text.get(start..)?))?;
    let word = word.trim_start_matches(['\'', '"']);
    let start = start + unquoted(text.get(start..)?) - word.len();
    let (user, secret) = word.split_once(':')?;
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if user.is_empty()
        || secret.is_empty()
        || replace::tag(text.get(start + user.len() + 1..)?).is_some()
        || number(secret) && (number(user) || !is_after(text, at, "curl"))
    {
        return None;
    }
    found.add(Kind::DsnSecret, start + user.len() + 1, start + word.len());
    Some(start + word.len())
}

fn is_after(text: &str, at: usize, program: &str) -> bool {
    let near = text.get(text.floor_char_boundary(at.saturating_sub(NEAR))..at);
    near.is_some_and(|near| near.contains(program))
}

/// `mysql -phunter2`.
fn short(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let flag = text.get(at..at + 2).filter(|flag| matches!(*flag, "-p" | "-a" | "-w"))?;
    let near = text.get(text.floor_char_boundary(at.saturating_sub(NEAR))..at)?;
    let known = |(program, option): &(&str, &str)| *option == flag && near.contains(program);
    if before(text, at) != Some(b' ') || !PROGRAMS.iter().any(known) {
        return None;
    }
    let gap = text.get(at + 2..)?.bytes().take_while(|byte| *byte == b' ').count();
    let value = Value::behind(text, at + 2 + gap)?;
    // `mysql -p -h db` asks for the password; a port is `-P`.
    let option = gap > 0 && value.get().starts_with('-');
    if gap > 0 && flag == "-p" && !SPACED.iter().any(|program| near.contains(program))
        || option
        || value.is_nothing()
    {
        return None;
    }
    (value.get().len() >= SHORTEST).then(|| found.add(Kind::Password, value.start, value.end))?;
    Some(value.end)
}
