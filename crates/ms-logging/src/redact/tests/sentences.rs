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

#[test]
fn codes_owners_lists_and_nested_objects_are_seen() {
    for (text, expected) in [
        ("şifrem kedi42 ama giremiyorum", "şifrem [redacted] ama giremiyorum"),
        ("şifremi kedi42 yaptım", "şifremi [redacted] yaptım"),
        ("the new password for ayse is kedi42", "the new password for ayse is [redacted]"),
        ("reset password of user 42 to kedi-42", "reset password of user 42 to [redacted]"),
        ("şifre (kedi42) hatalı", "şifre ([redacted]) hatalı"),
        ("user ayse pass kedi42", "user ayse pass [redacted]"),
        ("doğrulama kodunuz: 428193", "doğrulama kodunuz: [redacted]"),
        ("OTP 4281 gönderildi", "OTP [redacted] gönderildi"),
        ("geçici şifre 4281", "geçici şifre [redacted]"),
        ("api anahtarı n6FaPSFcEWXT9 geçersiz", "api anahtarı [redacted] geçersiz"),
        (r#"{"passwords":["kedi","köpek"],"n":2}"#, r#"{"passwords":["[redacted]","[redacted]"],"n":2}"#),
        (r#"{"field":"password","value":"kedi"}"#, r#"{"field":"password","value":"[redacted]"}"#),
        ("<entry key='api_key'>kedi</entry>", "<entry key='api_key'>[redacted]</entry>"),
        ("<password><![CDATA[kedi]]></password>", "<password><![CDATA[[redacted]]]></password>"),
        ("<hasta><oda>7</oda><adi>Ayşe</adi></hasta>", "<hasta><oda>7</oda><adi>[redacted]</adi></hasta>"),
        (
            r#"{"patients":[{"id":1,"name":"Ayşe"},{"id":2,"name":"Ece"}]}"#,
            r#"{"patients":[{"id":1,"name":"[redacted]"},{"id":2,"name":"[redacted]"}]}"#,
        ),
        (r#"{"ad":"Ayşe","soyad":"Kaya"}"#, r#"{"ad":"[redacted]","soyad":"[redacted]"}"#),
        (r#"patient="Ayşe Kaya" bed=7"#, r#"patient="[redacted]" bed=7"#),
        (
            r#"ApiKey { value: "kedi" }, ApiKey("kedi")"#,
            r#"ApiKey { value: "[redacted]" }, ApiKey("[redacted]")"#,
        ),
        (
            r#"{"credentials":{"username":"a","password":"b"}}"#,
            r#"{"credentials":{"username":"a","password":"[redacted]"}}"#,
        ),
        (r#"{"u":"postgres:\/\/u:kedi@h\/d"}"#, r#"{"u":"postgres:\/\/u:[redacted]@h\/d"}"#),
        ("WHERE u.sifre IN ('kedi', 'köpek')", "WHERE u.sifre IN ('[redacted]', '[redacted]')"),
        ("WHERE tc LIKE '%10000000146%'", "WHERE tc LIKE '%[redacted]%'"),
        ("hasta_adi -> Ayşe Nur Kaya", "hasta_adi -> [redacted]"),
        ("api_key -> kedi42", "api_key -> [redacted]"),
        (r"a\n100 000 001 46\n", r"a\n[redacted]\n"),
        ("\u{1b}[1m100 000 001 46\u{1b}[0m", "\u{1b}[1m[redacted]\u{1b}[0m"),
        (r"\nDE89370400440532013000\n", r"\n[redacted]\n"),
        ("«DE89370400440532013000’ya»", "«[redacted]’ya»"),
        ("Authorization%3A+Bearer+hunter2hunter2", "Authorization%3A+Bearer+[redacted]"),
        ("passphrase is Kalem%76", "passphrase is [redacted]"),
        ("q=%31%30%30%30%30%30%30%30%31%34%36", "q=[redacted]"),
        ("q=1000%30000146", "q=[redacted]"),
        ("docker login -u x -p kedi42", "docker login -u x -p [redacted]"),
        ("hasta+905321234567kayit", "hasta[redacted]kayit"),
        ("A0532-123-45-67B", "A[redacted]B"),
    ] {
        assert_eq!(redact(text), expected);
    }
}

#[test]
fn what_only_speaks_of_codes_patients_and_tokens_stays() {
    for text in [
        "status code 5000",
        "hata kodu 10045",
        "posta kodu 34000",
        "GPIO pin is 17",
        "şifreniz artık geçersiz",
        "password set to expire in 90 days",
        "password hashed with sha256",
        "password (PBKDF2)",
        "patient=42",
        "hasta: 12 kişi",
        r#"{"patient":"ICU"}"#,
        r#"<servis><ad>Acil Servis</ad></servis>"#,
        "<hasta></hasta><ad>Acil</ad>",
        r#"unexpected Token("ident")"#,
        "token_type=bearer expires_in=3600",
        "nc -u h:53",
        "foo@2x.png",
        "hasta_adi -> patient_name, sifre -> password",
        "status installed python3-jwt:all 2.6.0-1",
        "fix incorrect signature in `fork`",
        "passwords=3",
    ] {
        assert_eq!(redact(text), text);
    }
}

/// The first look at a text must send all of them on.
#[test]
fn what_holds_no_digit_and_no_sign_is_looked_at_too() {
    for (text, secret) in [
        ("login failed, pwd is hunTer!xx", "hunTer!xx"),
        ("login failed, PWD is hunTer!xx", "hunTer!xx"),
        ("login ayse pass hunTer!xx", "hunTer!xx"),
        ("user ayse pw hunTer!xx", "hunTer!xx"),
        ("the api key is AbCdEfGhIjKlMnOp", "AbCdEfGhIjKlMnOp"),
        ("apikey AbCdEfGhIjKlMnOp", "AbCdEfGhIjKlMnOp"),
        ("row [\"patient_name\",\"Ayşe Yılmaz\"]", "Ayşe Yılmaz"),
        ("push rejected for glpat-AbCdEfGhIjKlMnOpQrSt", "glpat-AbCdEfGhIjKlMnOpQrSt"),
        ("Bearer\u{a0}AbCdEfGhIjKlMn", "AbCdEfGhIjKlMn"),
    ] {
        let clean = redact(text);
        assert!(!clean.contains(secret), "{text}: {clean}");
    }
    let makes = super::super::makes::MAKES;
    for (beginning, length) in makes {
        let token =
            format!("{beginning}{}", "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMn".get(..length).unwrap());
        assert!(!redact(&format!("token of {token} gone")).contains(&token), "{token}");
        assert!(!redact(&token).contains(&token), "{token}");
    }
}
