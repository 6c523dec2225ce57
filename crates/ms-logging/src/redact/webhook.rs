//! Addresses whose path is the secret: who knows it may post there.

use super::Kind;
use super::rules::Found;

/// A host or the end of one, what its path begins with, and how many parts of the path behind that only say where.
const HOOKS: [(&str, &str, usize); 12] = [
    ("hooks.slack.com", "/services/", 2),
    ("hooks.slack.com", "/workflows/", 3),
    ("hooks.slack.com", "/triggers/", 2),
    ("discord.com", "/api/webhooks/", 1),
    ("discordapp.com", "/api/webhooks/", 1),
    (".webhook.office.com", "/webhookb2/", 0),
    ("outlook.office.com", "/webhook/", 0),
    ("outlook.office365.com", "/webhook/", 0),
    ("api.telegram.org", "/bot", 0),
    ("hooks.zapier.com", "/hooks/catch/", 1),
    ("maker.ifttt.com", "/use/", 0),
    ("open.feishu.cn", "/open-apis/bot/v2/hook/", 0),
];
const LONGEST: usize = 512;

/// Looks at the host and the path behind `://`, which begin at `start`; gives the end of the secret.
pub(crate) fn at(text: &str, start: usize, found: &mut Found<'_>) -> Option<usize> {
    let near = text.get(start..text.floor_char_boundary(start + LONGEST))?;
    let slash = near.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-'))?;
    let (host, path) = near.split_at_checked(slash)?;
    let known = |(end, lead, _): &&(&str, &str, usize)| host.ends_with(end) && path.starts_with(lead);
    let (_, lead, known_parts) = HOOKS.iter().find(known)?;
    let ends =
        |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.' | '~' | '%' | '/' | '@' | ':');
    let rest = path.get(lead.len()..)?;
    let mut rest = rest.get(..rest.find(ends).unwrap_or(rest.len()))?;
    let end = start + host.len() + lead.len() + rest.len();
    for _ in 0..*known_parts {
        rest = rest.split_once('/')?.1;
    }
    // A method of the bot stands behind its token.
    let secret = if *lead == "/bot" { rest.split('/').next()? } else { rest.trim_end_matches(['.', ':']) };
    let start = end - rest.len();
    // What was taken out before begins with a bracket.
    (!secret.is_empty()).then_some(())?;
    found.add(Kind::UrlSecret, start, start + secret.len());
    Some(start + secret.len())
}
