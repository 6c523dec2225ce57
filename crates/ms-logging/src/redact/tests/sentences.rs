//! Secrets in sentences, statements, tuples and objects, and their lookalikes.

use super::redact;

#[test]
fn secrets_in_sentences_go() {
    for text in [
        "the password is hunter2X",
        "password is \"hunter2X\"",
        "login with password hunter2X failed",
        "changed password from hunter2X to hunter2X",
        "şifresi hunter2X olarak değiştirildi",
        "Password for admin: hunter2X",
        "SET PASSWORD FOR 'app'@'%' = 'hunter2X'",
        "token hunter2XABCDEF0123456789ab was refused",
        "mysql -uroot -phunter2X med",
        "redis-cli -a hunter2X ping",
        "(password)=(hunter2X)",
    ] {
        let shown = redact(text);
        assert!(!shown.contains("hunter2X") && shown.contains("[redacted]"), "{text} -> {shown}");
    }
}

#[test]
fn values_go_where_columns_tuples_and_objects_name_them() {
    for (text, expected) in [
        (
            "INSERT INTO u (email, password, n) VALUES ('a', 'it''s hunter2', 7), ('b', N'x y', 8)",
            "INSERT INTO u (email, password, n) VALUES ('a', '[redacted]', 7), ('b', N'[redacted]', 8)",
        ),
        ("VALUES (1, 'a')", "VALUES (1, 'a')"),
        ("WHERE hasta_adi LIKE '%Ayşe%' LIMIT 5", "WHERE hasta_adi LIKE '[redacted]' LIMIT 5"),
        (
            r#"[("password", "hunter"), ("user", "ayse")]"#,
            r#"[("password", "[redacted]"), ("user", "ayse")]"#,
        ),
        (r#"binds: [["phone", "5550000"]]"#, r#"binds: [["phone", "[redacted]"]]"#),
        (
            r#"<property name="password" value="hunter"/>"#,
            r#"<property name="password" value="[redacted]"/>"#,
        ),
        ("- name: DB_PASSWORD\n  value: hunter", "- name: DB_PASSWORD\n  value: [redacted]"),
        (r#"Patient { id: 7, name: "Ayşe", bed: 1 }"#, r#"Patient { id: 7, name: "[redacted]", bed: 1 }"#),
        (r#"{"hasta":{"oda":7,"ad":"Ayşe"}}"#, r#"{"hasta":{"oda":7,"ad":"[redacted]"}}"#),
        (r#"token: Token { value: "abc" }, n: 1"#, "token: Token { [redacted] }, n: 1"),
        (r#"api_key: Some(ApiKey("abc")), n: 1"#, r#"api_key: Some(ApiKey("[redacted]")), n: 1"#),
        ("Session { token: Token(abc), ttl: 3 }", "Session { token: Token([redacted]), ttl: 3 }"),
        (r#"["password"]=> string(6) "hunter" }"#, r#"["password"]=> string(6) "[redacted]" }"#),
        ("Cookie: session=a1b2c3; theme=dark", "Cookie: session=[redacted]; theme=dark"),
        ("Set-Cookie: sid=A1b2; HttpOnly; Path=/", "Set-Cookie: sid=[redacted]; HttpOnly; Path=/"),
        ("https://x/?key=aB3dE5fG7hJ9kL1m&n=1", "https://x/?key=[redacted]&n=1"),
        ("&quot;password&quot;:&quot;hunter&quot;", "&quot;password&quot;:&quot;[redacted]&quot;"),
        ("jdbc:oracle:thin:scott/tiger@db:1521/orcl", "jdbc:oracle:thin:scott/[redacted]@db:1521/orcl"),
        ("patient_name='Mary O'Brien' bed=1", "patient_name='[redacted]' bed=1"),
    ] {
        assert_eq!(redact(text), expected);
    }
}

#[test]
fn sentences_and_statements_without_secrets_stay() {
    for text in [
        "password is required",
        "password must be at least 12 characters",
        "password: must not be empty",
        "wrong password for user 42",
        "şifre en az 12 karakter olmalı",
        "parola hatalı, tekrar deneyin",
        "password policy: length>=12",
        "UPDATE users SET password = $1, email = $2 WHERE id = $3",
        "INSERT INTO users (email, password) VALUES ($1, $2)",
        "INSERT INTO users (email, password) VALUES (?, ?)",
        "columns: [\"tckn\", \"phone\", \"email\"]",
        "PWD=/home/med/app OLDPWD=/",
        "password=${DB_PASSWORD}",
        "password=[FILTERED] user=1",
        "password= user=ayse",
        "api_key: (not set)",
        r#"{"properties":{"password":{"type":"string","minLength":12}}}"#,
        "name=\"Acil Servis\" event_name=shift_planned",
        "Shift { name: \"gece\" }",
        "no field `password` on type `&Config`",
        "token bucket refilled",
        "Content-Type: text/html; charset=utf-8",
        "GET /items?key=shift_42&sort_key=name",
    ] {
        assert_eq!(redact(text), text);
    }
}
