//! E-mail addresses, and passwords in URLs.

use super::rules::Found;
use super::{Kind, replace};

/// Names of systemd units and of pictures look like addresses: `getty@tty1.service`, `icon@2x.png`.
const UNITS: [&str; 14] = [
    "service", "socket", "target", "mount", "timer", "scope", "slice", "device", "path", "png", "jpg", "svg",
    "gif", "webp",
];
/// A user name this long without a password is a token.
const LONGEST_USER: usize = 20;

/// How far an address is looked for; without a bound a hostile text of 64 KiB would take a second.
const LONGEST_AUTHORITY: usize = 512;
const LONGEST_LOGIN: usize = 256;
const LONGEST_LOCAL: usize = 64;

/// Looks around the `@` at `at`.
pub(crate) fn email(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let is_local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
    let is_domain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    let front = text.get(..at)?;
    let back = text.get(at + 1..)?;
    let local = front.get(front.trim_end_matches(is_local).len()..)?.trim_start_matches(['.', '-', '%']);
    let domain = back.get(..back.find(|c| !is_domain(c)).unwrap_or(back.len()))?.trim_end_matches(['.', '-']);
    let end = at + 1 + domain.len();
    if !is_host_of_mail(domain) {
        return login(text, at, found);
    }
    if let Some(start) = quoted_local(front).filter(|_| local.is_empty()) {
        found.add(Kind::Email, start, end);
        return Some(end);
    }
    if local.is_empty() {
        return login(text, at, found);
    }
    let local = with_apostrophe(front, local);
    // Everybody's, as in `git@host:path`.
    if local == "git" {
        return Some(end);
    }
    found.add(Kind::Email, at - local.len(), end);
    Some(end)
}

/// `"ayşe yılmaz"@`: where the quotes begin.
fn quoted_local(front: &str) -> Option<usize> {
    let inner = front.strip_suffix('"')?.trim_end_matches('\\');
    let near = inner.get(inner.floor_char_boundary(inner.len().saturating_sub(LONGEST_LOCAL))..)?;
    let name = near.get(near.rfind('"')? + 1..)?;
    let usual = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '\u{1}' | '.' | '-' | '_');
    (!name.is_empty() && name.chars().all(usual)).then_some(inner.len() - name.len() - 1)
}

/// `o'brien@`: an apostrophe between letters is part of the name.
fn with_apostrophe<'t>(front: &'t str, local: &'t str) -> &'t str {
    let longer = || {
        let before = front.get(..front.len() - local.len())?.strip_suffix('\'')?;
        let first = before.get(before.trim_end_matches(char::is_alphabetic).len()..)?;
        let fits = (1..=3).contains(&first.chars().count()) && local.starts_with(char::is_alphabetic);
        fits.then(|| front.get(before.len() - first.len()..))?
    };
    longer().unwrap_or(local)
}

fn is_host_of_mail(domain: &str) -> bool {
    let Some((host, top)) = domain.rsplit_once('.') else { return false };
    let numbers = host.split('.').all(|label| label.chars().all(|c| c.is_ascii_digit()));
    let named = top.chars().count() >= 2 && (top.chars().all(char::is_alphabetic) || top.starts_with("xn--"));
    named && !numbers && !UNITS.contains(&top) && !host.split('.').any(str::is_empty)
}

/// `root:hunter2@tcp(…)`: a DSN without a scheme.
fn login(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    is_server(text.get(at + 1..)?).then_some(())?;
    let near = text.floor_char_boundary(at.saturating_sub(LONGEST_LOGIN));
    let front = text.get(near..at)?;
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
    let word = front.get(front.rfind(ends).map_or(0, |at| at + 1)..)?;
    // `jdbc:oracle:thin:scott/tiger@db`.
    let (user, password) = match word.rsplit_once(":thin:") {
        Some((_, login)) => login.split_once('/')?,
        None => word.split_once(':')?,
    };
    let user = user.rsplit(['=', '/', '(', ',', '<']).next()?;
    let name = user.starts_with(|c: char| c.is_ascii_alphabetic())
        && user.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let brackets = password.contains(['(', ')', '[', ']', '{', '}']) || password.starts_with("//");
    if !name || password.len() < 4 || replace::tag(password).is_some() || brackets {
        return None;
    }
    found.add(Kind::DsnSecret, at - password.len(), at);
    Some(at + 1)
}

/// A host, and what only stands behind hosts: a port, a path, the address of a protocol.
fn is_server(text: &str) -> bool {
    let host = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')).unwrap_or(0);
    let behind = text.get(host..).unwrap_or_default();
    // A digest of an image has more than a port behind its colon.
    let port = behind.strip_prefix(':').is_some_and(|port| {
        let digits = port.bytes().take_while(u8::is_ascii_digit).count();
        (1..=5).contains(&digits)
            && !port.get(digits..).is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
    });
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host > 0
        && (port || behind.starts_with(['/', '(']))
}

/// Looks at the authority behind the `://` at `at`.
pub(crate) fn url_secret(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let start = at + 3;
    let rest = text.get(start..text.floor_char_boundary(start + LONGEST_AUTHORITY))?;
    rest.bytes().any(|byte| byte == b'@').then_some(())?;
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
    let word = rest.get(..rest.find(ends).unwrap_or(rest.len()))?;
    // What is encoded there is part of the name or the password.
    let as_is = found.is_plain(at);
    let plain = |offset: usize| !as_is || found.is_plain(start + offset);
    // A password may hold brackets, but a tag that ends the URL is behind all of it.
    let near = word.get(..word.find(['<', '>']).unwrap_or(word.len()))?;
    let login =
        login_part(near, plain).or_else(|| login_part(word, plain).filter(|login| !login.contains("</")))?;
    let end = start + login.len();
    let colon = login.char_indices().find(|(at, sign)| *sign == ':' && plain(*at));
    let secret = match colon.map(|(at, _)| login.split_at(at + 1)) {
        Some((_, password)) => password,
        // A name of a program may be long too, but has no digits.
        None if login.len() >= LONGEST_USER && login.bytes().any(|byte| byte.is_ascii_digit()) => login,
        None => "",
    };
    if !secret.is_empty() && replace::tag(secret).is_none() {
        found.add(Kind::DsnSecret, end - secret.len(), end);
    }
    // Past the `@`, which is no mark of an address of mail.
    Some(end + 1)
}

/// What stands before the `@` of the authority. A password may hold `/` or `@` that should have been encoded; `plain`
/// tells which were not.
fn login_part(word: &str, plain: impl Fn(usize) -> bool) -> Option<&str> {
    let sign = |(at, sign): &(usize, char)| matches!(sign, '/' | '?' | '#') && plain(*at);
    let end = word.char_indices().find(sign).map_or(word.len(), |(at, _)| at);
    let authority = word.get(..end)?;
    let at_sign = |text: &str| text.char_indices().rev().find(|(at, sign)| *sign == '@' && plain(*at));
    if let Some((end, _)) = at_sign(authority) {
        return authority.get(..end);
    }
    let (_, port) = authority.rsplit_once(':')?;
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if is_port || authority.starts_with('[') {
        return None;
    }
    word.get(..at_sign(word)?.0)
}
