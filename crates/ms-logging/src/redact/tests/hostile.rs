//! Texts made to take long.

use std::time::{Duration, Instant};

use super::{Redactor, redact};

/// Half a megabyte of each must not take longer than a look at each byte and its neighbours.
#[test]
fn repeated_pieces_take_no_look_at_the_whole_text_each() {
    for piece in [
        "phone=",
        "a:b@",
        "a://",
        "://",
        ">",
        "<password>",
        "eyJ.",
        "eyJ-",
        "1111111111a",
        "phone=\"",
        "a@",
        "@",
        "\\\"",
        "' '",
        "-",
        "--a",
        "1 ",
        "1-",
        "+1",
        "{",
        "[",
        "(",
        "\"",
        "Authorization: Digest [redacted] ",
        "Cookie: a=b;",
        ") VALUES (",
        ") VALUES ('",
        "(a) VALUES (cookie: ",
        "PWD=/",
        "password={{",
        "password={",
        "password: A(",
        "name: ",
        "patient{name:",
        "value=",
        "password is ",
        "password (a",
        "token ",
        "%25",
        "&#64;",
        "\u{200b}1",
        "\\u0031",
        "TR1",
        "hasta adı: A van ",
        "mysql -p ",
        "key=",
        "email='a''",
        "\"a b\"@",
        "PID|1||7",
        "xoxb-",
        "ghp_A",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY----- ",
        "https://hooks.slack.com/services/a/",
        "https://discord.com/api/webhooks/1/",
        "\u{1b}[1m",
        "\\n",
        "\"name\":[{\"family\":",
        "password: Some(\n",
        "password: value ",
    ] {
        let text = piece.repeat(64 * 1024 / piece.len());
        let started = Instant::now();
        let shown = redact(&text);
        // A hundredth of what a look at all of it from each piece takes, in a debug build on a busy machine.
        assert!(started.elapsed() < Duration::from_secs(20), "{piece}: {:?}", started.elapsed());
        assert!(shown.len() <= 4 * text.len(), "{piece}");
    }
}

/// Found by the fuzz target `redact`.
#[test]
fn a_group_longer_than_an_octet_is_no_harm() {
    for text in ["host=82.64.33333333369.136", "1.2.99999999999.4"] {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn a_login_without_a_password_is_no_find() {
    assert_eq!(Redactor::default().spans("curl -u admin:\t e"), []);
}
