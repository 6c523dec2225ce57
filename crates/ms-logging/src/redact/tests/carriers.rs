//! What values are written in and carried by, and the places where they have names of their own.

use super::redact;

#[test]
fn identity_numbers_go_in_every_grouping_that_stands_by_itself() {
    for text in [
        "row 1 00000 00146 gone",
        "row 10000-000146 gone",
        "row 1000 0000 146 gone",
        "row (10-000-000-146) gone",
        "row 4505 (10-000-000-146) gone",
        "row 100.0000.0146 gone",
        "row 10 00 00 00 146 2026-03-04T10:11:12Z",
        "row 10:11:12 100 00 00 01 46",
        "hasta 7 100 00000 146 gone 12",
        "tc=1000+0000+146&page=2",
        "kayit-100 000 001 46-2026",
        "kayit-100-000-001-46-2026",
    ] {
        let shown = redact(text);
        assert!(shown.contains("[redacted]") && !shown.contains("146"), "{text} -> {shown}");
    }
}

#[test]
fn counts_dates_versions_and_sums_are_nobodys() {
    for text in [
        "vmstat 410526  101858  741  487554  100  00000  146  2  468",
        "chrome/100.0.0001.46 safari",
        "100000+00146=5",
        "order 1000-0000147",
        "8.04669205335 lost",
        "vmstat 90535  6  817153  0  305982",
        "status=500 (982 0557 954) x",
        "registry.local:5000/app@sha256:227f0b375c1f873047271e26bce2d36c27db98b67dec712598cdd02e3b2d21e3",
    ] {
        assert_eq!(redact(text), text);
    }
    // 20260006062 would be somebody's, but not as a year and a number.
    for text in ["order 2026-0006062", "log 20260006-062", "row 2026 00 06062"] {
        assert_eq!(redact(text), text);
    }
    assert_eq!(redact("order 20260006062"), "order [redacted]");
}

#[test]
fn forms_write_spaces_as_plus_signs() {
    for (text, expected) in [
        ("a=1&hesap=TR+33+0006+1005+1978+6457+8413+26&x=1", "a=1&hesap=[redacted]&x=1"),
        ("a=1&hesap=TR33++0006++1005++1978++6457++8413++26", "a=1&hesap=[redacted]"),
        ("a=1&no=0+%28532%29+123+45+67&x=1", "a=1&no=[redacted]&x=1"),
        ("a=1&no=0532++123++45++67", "a=1&no=[redacted]"),
        ("telefon: +90 (0532) 123 45 67, oda 7", "telefon: [redacted], oda 7"),
        ("card=3782-822463-10005 2026-03-04", "card=[redacted] 2026-03-04"),
        ("ibantr330006100519786457841326", "iban[redacted]"),
    ] {
        assert_eq!(redact(text), expected);
    }
}

#[test]
fn names_end_with_a_surname_in_capitals() {
    for (text, expected) in [
        ("Hasta adı: Ayşe Nur YILMAZ, servis Acil", "Hasta adı: [redacted], servis Acil"),
        ("hasta_adi=Ayşe YILMAZ oda=7", "hasta_adi=[redacted] oda=7"),
        ("hasta_adi=Ayşe Yılmaz ERROR x", "hasta_adi=[redacted] ERROR x"),
        (
            r#"<input name="hasta_ad_soyad" value="Ayşe Kaya">"#,
            r#"<input name="hasta_ad_soyad" value="[redacted]">"#,
        ),
    ] {
        assert_eq!(redact(text), expected);
    }
}

#[test]
fn health_records_name_people_in_their_own_ways() {
    for (text, expected) in [
        (
            r#"{"resourceType":"Patient","name":[{"use":"official","family":"Kaya","given":["Ayşe","Nur"]}],"gender":"female"}"#,
            r#"{"resourceType":"Patient","name":[{"use":"official","family":"[redacted]","given":["[redacted]","[redacted]"]}],"gender":"female"}"#,
        ),
        (r#""name": {"text": "Ayşe Kaya"}"#, r#""name": {"text": "[redacted]"}"#),
        (r#"{"family":"ipv4","text":"ready"}"#, r#"{"family":"ipv4","text":"ready"}"#),
        (
            "PID|1||7^^^H^MR||Kaya^Ayşe^||19800101|F|||Cd^^Ankara||0532 123 45 67|||S",
            "PID|1||7^^^H^MR||[redacted]||19800101|F|||Cd^^Ankara||[redacted]|||S",
        ),
        ("NK1|1|Kaya^Ali|SPO", "NK1|1|[redacted]|SPO"),
        ("MSA|AA|12345678|ok", "MSA|AA|12345678|ok"),
    ] {
        assert_eq!(redact(text), expected);
    }
}

#[test]
fn keys_hooks_and_encoded_passwords_go_whole() {
    for (text, expected) in [
        (
            "x -----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAK\nnq2u9Z==\n-----END RSA PRIVATE KEY----- y",
            "x -----BEGIN RSA PRIVATE KEY-----\n[redacted]\n-----END RSA PRIVATE KEY----- y",
        ),
        (
            r#"{"k":"-----BEGIN PRIVATE KEY-----\nnMIIBOgIB\nAAJB\n-----END PRIVATE KEY-----\n"}"#,
            r#"{"k":"-----BEGIN PRIVATE KEY-----\n[redacted]\n-----END PRIVATE KEY-----\n"}"#,
        ),
        ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEII", "-----BEGIN EC PRIVATE KEY-----\n[redacted]"),
        (
            "-----BEGIN CERTIFICATE-----\nMIIBOgIB\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nMIIBOgIB\n-----END CERTIFICATE-----",
        ),
        (
            "POST https://hooks.slack.com/services/T0AB/B0CD/XyZabcdef failed: 404",
            "POST https://hooks.slack.com/services/T0AB/B0CD/[redacted] failed: 404",
        ),
        (
            "https://discord.com/api/webhooks/12/aB-c_d?wait=true",
            "https://discord.com/api/webhooks/12/[redacted]?wait=true",
        ),
        (
            "https://api.telegram.org/bot12:AAE-x_y/sendMessage",
            "https://api.telegram.org/bot[redacted]/sendMessage",
        ),
        ("https://discord.com/channels/12/34", "https://discord.com/channels/12/34"),
        ("?sort=asc&key=91a90b79-bdee-4d7e-ba07-0300b62504ed", "?sort=asc&key=[redacted]"),
        ("sftp://app:k9c%40%23@h1:22/db", "sftp://app:[redacted]@h1:22/db"),
        ("sftp://app:k9c%40h2%2Fx@h1:22/db", "sftp://app:[redacted]@h1:22/db"),
        ("next=https%3A%2F%2Fapp%3Ak9c7%40h1%2Fdb", "next=https%3A%2F%2Fapp%3A[redacted]%40h1%2Fdb"),
        ("https://u:hunter2@h/@scope/pkg", "https://u:[redacted]@h/@scope/pkg"),
        ("«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc»", "«[redacted]»"),
        ("INFO“ghp_abcdefghijklm0123456789”", "INFO“[redacted]”"),
        ("\u{1b}[1mghp_abcdefghijklm0123456789\u{1b}[0m", "\u{1b}[1m[redacted]\u{1b}[0m"),
    ] {
        assert_eq!(redact(text), expected);
    }
}

#[test]
fn values_are_found_in_wrappers_of_every_kind() {
    for (text, expected) in [
        (
            "P {\n    password: Some(\n        \"hunter\",\n    ),\n}",
            "P {\n    password: Some(\n        \"[redacted]\",\n    ),\n}",
        ),
        (r#"{"b":"[\"patient_name\",\"Ayşe Kaya\"]"}"#, r#"{"b":"[\"patient_name\",\"[redacted]\"]"}"#),
        ("password: value \"hunter\" is too short", "password: value \"[redacted]\" is too short"),
        ("invalid sifre: girilen değer 'kedi'", "invalid sifre: girilen değer '[redacted]'"),
    ] {
        assert_eq!(redact(text), expected);
    }
}

#[test]
fn forms_colours_and_spans_do_not_hide_values() {
    for (text, expected) in [
        (
            "--X\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter2 x\r\n--X--",
            "--X\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n[redacted]\r\n--X--",
        ),
        (
            r#"form-data; name=\"hasta_adi\"\r\nContent-Type: text/plain\r\n\r\nAyşe Kaya\r\n--X"#,
            r#"form-data; name=\"hasta_adi\"\r\nContent-Type: text/plain\r\n\r\n[redacted]\r\n--X"#,
        ),
        ("form-data; name=\"ward\"\r\n\r\nicu\r\n", "form-data; name=\"ward\"\r\n\r\nicu\r\n"),
        (
            "\u{1b}[3mpassword\u{1b}[0m\u{1b}[2m=\u{1b}[0m\"hunter2\" \u{1b}[3mbed\u{1b}[0m=7",
            "\u{1b}[3mpassword\u{1b}[0m\u{1b}[2m=\u{1b}[0m\"[redacted]\" \u{1b}[3mbed\u{1b}[0m=7",
        ),
        (
            "\u{1b}[32m INFO\u{1b}[0m tc \u{1b}[38;5;196m10000000146\u{1b}[0m x",
            "\u{1b}[32m INFO\u{1b}[0m tc \u{1b}[38;5;196m[redacted]\u{1b}[0m x",
        ),
        ("request{id=7 token=abc}:handler: done", "request{id=7 token=[redacted]}:handler: done"),
        ("Parola= hunter2 | oda 7", "Parola= [redacted] | oda 7"),
        ("password= user=x", "password= user=x"),
        ("password= is not set", "password= is not set"),
        ("?soyad=KAYA HTTP/1.1\"", "?soyad=[redacted] HTTP/1.1\""),
        (r#"{"x":"\u0030532\u0020123\u00204567"}"#, r#"{"x":"[redacted]"}"#),
    ] {
        assert_eq!(redact(text), expected);
        assert_eq!(redact(expected), expected);
    }
}

#[test]
fn numbers_are_told_from_those_around_them() {
    for (text, expected) in [
        ("p100-000-001-46;", "p[redacted];"),
        ("hasta100 000 001 46ğ", "hasta[redacted]ğ"),
        // Either may be the card.
        ("y=2707 5453 4805 0945 5015, 5", "y=[redacted], 5"),
        ("no 12 100 000 0146 x", "no 12 100 000 0146 x"),
        ("1000 0000 146", "[redacted]"),
        ("0  532  123  45  67", "[redacted]"),
        // Columns.
        ("0  480  17910  72  78243", "0  480  17910  72  78243"),
        ("1000  0000  146", "1000  0000  146"),
    ] {
        assert_eq!(redact(text), expected);
    }
}
