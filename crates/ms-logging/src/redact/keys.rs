//! Names that tell what their values are, in Turkish and English.

/// What the value of a field is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Password,
    /// Like `Password`, but a small number is just a number.
    Token,
    /// A header that may begin with the name of a scheme.
    Authorization,
    Cookie,
    Name,
    Tckn,
    Phone,
    Email,
    Iban,
    Card,
}

/// Whole names, folded and without separators; also the last words of longer names.
const NAMES: &[(KeyKind, &[&str])] = &[
    (
        KeyKind::Password,
        &[
            "password",
            "passwd",
            "passphrase",
            "passcode",
            "pwd",
            "sifre",
            "sifresi",
            "sifrem",
            "parola",
            "parolasi",
            "passwordhash",
            "passwordsalt",
            "pin",
            "pincode",
            "pinkodu",
            "cvv",
            "cvv2",
            "cvc",
            "otp",
            "kullanicisifresi",
        ],
    ),
    (
        KeyKind::Token,
        &[
            "pass",
            "token",
            "secret",
            "apikey",
            "apisecret",
            "secretkey",
            "accesskey",
            "accesskeyid",
            "privatekey",
            "encryptionkey",
            "signingkey",
            "masterkey",
            "credential",
            "credentials",
            "jwt",
            "sessionkey",
            "csrf",
            "xsrf",
            "signature",
            "bearer",
            "anahtar",
            "apianahtari",
            "gizlianahtar",
            "authkey",
            "accountkey",
            "sharedaccesskey",
            "clientkey",
            "licensekey",
            "dsnpassword",
        ],
    ),
    (KeyKind::Authorization, &["authorization", "proxyauthorization", "xauthorization"]),
    (KeyKind::Cookie, &["cookie", "setcookie", "cookies"]),
    (
        KeyKind::Name,
        &[
            "patientname",
            "patientfullname",
            "patientfirstname",
            "patientlastname",
            "patientsurname",
            "nameofpatient",
            "hastaadi",
            "hastaninadi",
            "hastaadisoyadi",
            "hastaadsoyad",
            "hastaismi",
            "hastasoyadi",
            "hastasoyad",
            "hastaad",
            "hastaisim",
            "hastaadivesoyadi",
            "adsoyad",
            "adisoyadi",
            "adivesoyadi",
            "isimsoyisim",
            "fullname",
            "firstname",
            "lastname",
            "surname",
            "maidenname",
            "mothername",
            "fathername",
            "soyad",
            "soyadi",
            "soyisim",
            "anneadi",
            "babaadi",
            "annekizliksoyadi",
            "kizliksoyadi",
            "yakiniadi",
        ],
    ),
    (
        KeyKind::Tckn,
        &[
            "tckn",
            "tcno",
            "tckimlik",
            "tckimlikno",
            "tckimliknumarasi",
            "kimlikno",
            "kimliknumarasi",
            "tcnumarasi",
            "nationalid",
            "nationalidnumber",
            "nationalidentitynumber",
            "nationalidno",
            "identitynumber",
            "vatandaslikno",
            "turkishid",
            "ssn",
            "hastatc",
            "tcidentityno",
            "patientid",
        ],
    ),
    (
        KeyKind::Phone,
        &[
            "phone",
            "phonenumber",
            "telefon",
            "telefonu",
            "telefonno",
            "telefonnumarasi",
            "tel",
            "telno",
            "gsm",
            "gsmno",
            "ceptelefonu",
            "ceptel",
            "cepno",
            "mobile",
            "mobilephone",
            "mobilenumber",
            "cellphone",
            "msisdn",
            "phoneno",
        ],
    ),
    (
        KeyKind::Email,
        &["email", "emailaddress", "eposta", "epostaadresi", "mailadresi", "mailaddress", "mail", "epostasi"],
    ),
    (KeyKind::Iban, &["iban", "ibanno", "ibannumarasi", "ibannumber"]),
    (
        KeyKind::Card,
        &[
            "cardnumber",
            "cardno",
            "creditcard",
            "creditcardnumber",
            "kartno",
            "kartnumarasi",
            "kredikarti",
            "kredikartino",
            "card",
            "pan",
        ],
    ),
];

/// Names that often are glued to what stands before them.
const ENDINGS: &[(KeyKind, &[&str])] = &[
    (KeyKind::Password, &["password", "passwd", "sifre", "sifresi", "parola", "parolasi", "passphrase"]),
    (KeyKind::Token, &["token", "secret", "apikey", "secretkey", "accesskey", "privatekey"]),
    (KeyKind::Name, &["hastaadi", "hastaadsoyad", "patientname"]),
    (KeyKind::Tckn, &["tckn", "tckimlik", "tckimlikno"]),
    (KeyKind::Phone, &["telefon", "telefonu", "phonenumber"]),
    (KeyKind::Email, &["eposta", "email"]),
    (KeyKind::Iban, &["iban"]),
];

/// Names that mean something else as often; only what the value looks like decides.
const VAGUE: &[&str] = &["tel", "mobile", "mail", "card", "pan", "pass", "pin", "signature", "patientid"];

/// Whether a field of this name is redacted whatever its value is.
pub(crate) fn is_sensitive(name: &str) -> bool {
    kind(name).is_some() && !VAGUE.contains(&folded(name).as_str())
}

/// What the value of a field of this name is.
pub(crate) fn kind(name: &str) -> Option<KeyKind> {
    let words = words(name);
    for count in 1..=words.len().min(4) {
        let last: String = words.iter().skip(words.len() - count).map(String::as_str).collect();
        if let Some(kind) = look_up(&last) {
            return Some(kind);
        }
    }
    let last = words.last()?;
    ENDINGS
        .iter()
        .find(|(_, endings)| endings.iter().any(|ending| last.ends_with(ending)))
        .map(|(kind, _)| *kind)
}

fn look_up(name: &str) -> Option<KeyKind> {
    NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(kind, _)| *kind)
}

/// The name in small letters without accents and separators.
pub(crate) fn folded(name: &str) -> String {
    words(name).concat()
}

/// Splits at anything but letters and digits, and where a capital follows a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_small = false;
    for character in name.chars() {
        // The dot above that a lower-case `İ` leaves.
        if character == '\u{307}' {
            continue;
        }
        let breaks = before_small && character.is_uppercase();
        if (breaks || !character.is_alphanumeric()) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        before_small = character.is_lowercase() || character.is_numeric();
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(fold(character));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn fold(character: char) -> impl Iterator<Item = char> {
    let plain = match character {
        'ı' | 'İ' | 'I' | 'î' | 'Î' => 'i',
        'ş' | 'Ş' => 's',
        'ç' | 'Ç' => 'c',
        'ğ' | 'Ğ' => 'g',
        'ü' | 'Ü' | 'û' => 'u',
        'ö' | 'Ö' => 'o',
        'â' | 'Â' => 'a',
        other => other,
    };
    plain.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_however_they_are_written() {
        for (name, expected) in [
            ("password", KeyKind::Password),
            ("DB_PASSWORD", KeyKind::Password),
            ("userPassword", KeyKind::Password),
            ("kullanıcı-şifre", KeyKind::Password),
            ("PGPASSWORD", KeyKind::Password),
            ("ŞİFRE", KeyKind::Password),
            ("X-Api-Key", KeyKind::Token),
            ("refreshToken", KeyKind::Token),
            ("client.secret", KeyKind::Token),
            ("Authorization", KeyKind::Authorization),
            ("hasta_adı", KeyKind::Name),
            ("HASTA ADI", KeyKind::Name),
            ("patientName", KeyKind::Name),
            ("tc_kimlik_no", KeyKind::Tckn),
            ("TCKN", KeyKind::Tckn),
            ("user.email", KeyKind::Email),
            ("e_posta", KeyKind::Email),
            ("e-mail", KeyKind::Email),
        ] {
            assert_eq!(kind(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn counts_and_other_names_are_not() {
        for name in
            ["token_count", "max_tokens", "user", "key", "department", "password_attempts", "hasta", "id"]
        {
            assert_eq!(kind(name), None, "{name}");
        }
        assert!(!is_sensitive("mobile"));
        assert!(is_sensitive("phone"));
    }
}
