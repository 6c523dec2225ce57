//! What is found, and what is left alone.

use proptest::prelude::*;

use super::Redactor;

mod carriers;
mod glance;
mod hostile;
mod modes;
mod sentences;

fn redact(text: &str) -> String {
    Redactor::default().redact(text).into_owned()
}

#[test]
fn numbers_of_people_go_in_every_spelling() {
    for text in [
        "no row for 10000000146",
        "no row for 100 000 001 46",
        "no row for 100-000-001-46",
        "no row for 100.000.001.46",
        "no row for 100\u{a0}000\u{a0}001\u{a0}46",
        "no row for １０００００００１４６",
        "no row for 1000\u{200b}0000146",
        "no row for tc_10000000146_rec",
        "no row for hasta10000000146",
        "(10000000146)",
        "row 10000000146.0 of a data frame",
        "11 22 33 44 55 66 77 100 000 001 46",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 100 000 001 46",
        "1,10000000146,2",
        "GET /v1/shifts?q=100%20000%20001%2046&page=2",
        "tckn%3D10000000146",
    ] {
        let shown = redact(text);
        assert!(shown.contains("[redacted]"), "{text} -> {shown}");
        assert!(!shown.contains("146") && !shown.contains("46"), "{text} -> {shown}");
    }
}

#[test]
fn phones_cards_and_accounts_go() {
    for text in [
        "+90 532 123 45 67",
        "0532 123 45 67",
        "05321234567",
        "0 (532) 123 45 67",
        "0-532-123-45-67",
        "+905321234567",
        "(0212) 555 12 34",
        "+90(532)1234567",
        "532 123 45 67",
        "%2B905321234567",
        "+44 20 7946 0958",
        "0090 532 123 45 67",
        "4111 1111 1111 1111",
        "4111111111111111",
        "4111-1111-1111-1111",
        "3782 822463 10005",
        "TR33 0006 1005 1978 6457 8413 26",
        "tr330006100519786457841326",
        "DE89370400440532013000",
        "ayse.yilmaz@example.org",
        "ayşe@örnek.com.tr",
        "a%40example.org",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "ghp_abcdefghijklm0123456789",
    ] {
        assert_eq!(redact(&format!("x {text} y")), "x [redacted] y", "{text}");
    }
}

#[test]
fn values_of_secret_names_go_however_they_are_written() {
    for text in [
        "password=hunter2",
        "password: hunter2",
        "password = hunter2",
        "PGPASSWORD='hunter2 is long'",
        "{\"password\":\"hunter2\"}",
        "{\\\"password\\\":\\\"hunter2\\\"}",
        "Server=db;Pwd=hunter2;Port=1",
        "Authorization: Bearer hunter2",
        "authorization=Basic hunter2",
        "cookie: a=hunter2; b=hunter2",
        "api_key: Some(\"hunter2\")",
        "https://x/?token=hunter2&id=1",
        "--password hunter2 --port 1",
        "şifre: hunter2",
        "redis://:hunter2@cache:6379/0",
        "mysql://root:hunter2@10.0.0.5/db",
        "root:hunter2@tcp(127.0.0.1:3306)/med",
        "amqp://u:hun/ter2@hunter2@host/v",
        "Bearer hunter2hunter2",
        "(password)=(hunter2)",
        "db password: hunter2",
        "q=password%3Dhunter2",
        "<password>hunter2</password>",
        "secret_key_base: hunter2",
        "CREATE USER app PASSWORD 'hunter2'; -- 1",
        "ALTER USER app IDENTIFIED BY 'hunter2'",
        "Authorization: Digest username=\"a\", response=\"hunter2\", uri=\"/\"",
        "{\"Authorization\":\"Digest username=\\\"hunter2\\\"\",\"x\":1}",
        "curl -u root:hunter2 https://x",
        "patient_name=hunter2%20Y%C4%B1lmaz&x=1",
        "password=\"a \\\"hunter2\\\" b\"",
    ] {
        let shown = redact(text);
        assert!(!shown.contains("hunter2"), "{text} -> {shown}");
        assert!(shown.contains("[redacted]"), "{text} -> {shown}");
    }
}

/// Texts without a digit and without a sign are nearly never looked at.
#[test]
fn secrets_of_letters_alone_go_too() {
    for text in [
        "LOGIN PASSWORD 'correct-horse'",
        "IDENTIFIED BY 'horse'",
        "--password horse",
        "run --token correct-horse-battery",
    ] {
        let shown = redact(text);
        assert!(!shown.contains("horse") && shown.contains("[redacted]"), "{text} -> {shown}");
    }
}

/// Numbers of a table before a telephone number must not take it apart, wherever it begins.
#[test]
fn a_phone_behind_any_count_of_numbers_goes() {
    for count in 0..40 {
        let text = format!("{}0532 123 45 67", "7 ".repeat(count));
        assert_eq!(redact(&text), format!("{}[redacted]", "7 ".repeat(count)));
        // Joined by dashes it is a longer number.
        let text = format!("{}532-123-45-67", "70-".repeat(count + 1));
        assert_eq!(redact(&text), text);
    }
}

#[test]
fn ten_bare_digits_are_a_phone_only_where_one_is_spoken_of() {
    assert_eq!(redact("Yakınının telefonu 5321234567, aranacak"), "Yakınının telefonu [redacted], aranacak");
    assert_eq!(redact("call 5321234567 now"), "call [redacted] now");
    assert_eq!(redact("counter 5321234567 now"), "counter 5321234567 now");
}

#[test]
fn names_of_patients_go_where_a_field_names_them() {
    assert_eq!(redact("hasta_adi=\"Ayşe Yılmaz\" oda=12"), "hasta_adi=\"[redacted]\" oda=12");
    assert_eq!(redact("Hasta adı: Ayşe Nur Yılmaz, servis Acil"), "Hasta adı: [redacted], servis Acil");
    assert_eq!(redact("hastaAdi=Ayşe oda=12"), "hastaAdi=[redacted] oda=12");
}

#[test]
fn what_an_operator_needs_stays() {
    for text in [
        "Connection refused (os error 111)",
        "connect to 10.11.12.13:5432: No route to host",
        "password reset requested for user 9343",
        "token_count=7542 max_tokens=1536",
        "2026-05-23T17:25:28Z shift 7299",
        "image sha256:1d1cf4a60838d433a7f3013e9937a0277e3df1e2f544e646b9dc183db2fe272b pulled",
        "serde@1.0.189 by @ci",
        "postgres://db.internal:5432/roster",
        "873.130,48 TL",
        "14.10.2026 tarihli 36 vardiya",
        "order 39896476751 ready",
        "batch 4904110698657926",
        "checkpoint took 3.656352s, 923933426 bytes",
        "has_password=true password=null",
        "unexpected token ':' at 3",
        "auth::token::refresh failed",
        "pass: 3, fail: 1",
        "user@1000.service started",
        "epoch 1700000000123",
        "bearer token expired",
        "basic authentication required",
        "0.5321234567",
        "5321234567 bytes",
        "docker run -u 1000:1000",
        "id=91a90b79-bdee-4d7e-ba07-0300b62504ed",
        "Access denied for user 'app'@'10.0.0.5' (using password: YES)",
        "password: required, signature: valid, cookies: enabled",
        "şifre: hatalı",
        "GPIO pin: 13",
        "syntax error: unexpected token: EOF",
        "Unexpected token: '}' at line 3",
        "fetch git@github.com:org/repo.git",
        "mean 10000000146.5 of 1",
        "0.10000000146",
    ] {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn nothing_is_touched_when_it_is_off() {
    let off = Redactor::default().off(true);
    assert_eq!(off.redact("password=hunter2"), "password=hunter2");
    assert!(!off.is_sensitive_key("password"));
}

#[test]
fn own_names_count_too() {
    let own = Redactor::default().key("Sicil-No");
    assert!(own.is_sensitive_key("sicil_no"));
    assert_eq!(own.redact("sicil_no=A17 x=1"), "sicil_no=[redacted] x=1");
}

/// Pieces that texts of logs are made of, so that rules meet each other.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z0-9=:@/\"'.%+() ,;&-]{0,12}",
        Just("password".to_owned()),
        Just("10000000146".to_owned()),
        Just("Authorization: Bearer ".to_owned()),
        Just("postgres://u:p@h/".to_owned()),
        Just("hasta adı: Ayşe ".to_owned()),
        Just("0532 123 45 67".to_owned()),
        Just("a@b.com".to_owned()),
        Just("\\\"".to_owned()),
        Just("[redacted]".to_owned()),
        Just("[redacted:abcdefghijklmnop]".to_owned()),
        Just("INSERT INTO t (a, password) VALUES ('x', ".to_owned()),
        Just("password is ".to_owned()),
        Just("Cookie: a=b; c=".to_owned()),
        Just("mysql -p".to_owned()),
        Just("patient { name: \"".to_owned()),
        Just("(\"password\", \"".to_owned()),
        Just("TR330006100519786457841326".to_owned()),
        Just("R-117".to_owned()),
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_taken_and_a_second_time_changes_nothing(text in pieces()) {
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn spans_are_in_order_and_within_the_text(text in pieces()) {
        let mut end = 0;
        for span in Redactor::default().spans(&text) {
            prop_assert!(end <= span.start && span.start < span.end, "{:?}", span);
            prop_assert!(text.get(span.start..span.end).is_some(), "{:?}", span);
            end = span.end;
        }
    }
}
