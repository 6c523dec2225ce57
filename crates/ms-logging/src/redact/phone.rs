//! Telephone numbers: Turkish ones in every usual spelling, others if they begin with `+`.

/// How far before a number its words are looked at, in bytes.
const WORDS_BEFORE: usize = 32;
/// How words begin that speak of telephones.
const SPOKEN: [&str; 9] = ["tel", "phone", "gsm", "cep", "mobil", "sms", "whatsapp", "aran", "call"];

/// Whether groups of digits make a telephone number. `plus`: a `+` stands before them; `area_in_brackets`: the area code
/// is in brackets.
pub(crate) fn is_valid(groups: &[&[u8]], plus: bool, area_in_brackets: bool) -> bool {
    let digits: Vec<u8> = groups.iter().flat_map(|group| group.iter().copied()).collect();
    let sizes: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    if plus {
        return match digits.as_slice() {
            [9, 0, national @ ..] => is_national(national),
            [0, ..] => false,
            foreign => (10..=15).contains(&foreign.len()),
        };
    }
    match digits.as_slice() {
        [0, 0, 9, 0, national @ ..] => is_national(national) && begins(&sizes, &[&[2, 2], &[4], &[14]]),
        // The zero stands alone or with the area code; a date or a measure has other groups.
        [0, national @ ..] => is_national(national) && begins(&sizes, &[&[1, 3], &[1, 10], &[4], &[11]]),
        [9, 0, national @ ..] => is_national(national) && begins(&sizes, &[&[2], &[5], &[12]]),
        // Without any prefix, ten digits in one run are anything.
        national => {
            is_national(national) && sizes.first() == Some(&3) && is_local(national, &sizes, area_in_brackets)
        }
    }
}

/// Ten digits in one run, which may be anything unless the words before speak of a telephone.
pub(crate) fn is_bare_mobile(groups: &[&[u8]]) -> bool {
    matches!(groups, [digits] if digits.first() == Some(&5) && is_national(digits))
}

/// Whether the words before a number speak of a telephone.
pub(crate) fn is_spoken_of(text: &str, at: usize) -> bool {
    let near = text.floor_char_boundary(at.saturating_sub(WORDS_BEFORE));
    let words = text.get(near..at).unwrap_or_default().to_lowercase();
    let mut words = words.split(|c: char| !c.is_alphanumeric());
    words.any(|word| SPOKEN.iter().any(|start| word.starts_with(start)))
}

fn is_local(national: &[u8], sizes: &[usize], area_in_brackets: bool) -> bool {
    (area_in_brackets || national.first() == Some(&5)) && matches!(sizes, [3, 3, 2, 2] | [3, 3, 4] | [3, 7])
}

fn begins(sizes: &[usize], ways: &[&[usize]]) -> bool {
    let rest_is_grouped = sizes.iter().rev().take(sizes.len().saturating_sub(2)).all(|size| *size >= 2);
    ways.iter().any(|way| sizes.starts_with(way)) && rest_is_grouped
}

/// An area code and seven digits.
fn is_national(digits: &[u8]) -> bool {
    digits.len() == 10
        && match digits {
            [5, 0..=6, ..] => true,
            // Codes of provinces are even.
            [2..=4, 1..=8, last, ..] => last % 2 == 0,
            [8, 0 | 5, 0, ..] | [8, 8, 8, ..] | [9, 0, 0, ..] => true,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    fn check(text: &str) -> bool {
        let digits: Vec<Vec<u8>> =
            text.split(' ').map(|group| group.bytes().map(|byte| byte - b'0').collect()).collect();
        let groups: Vec<&[u8]> = digits.iter().map(Vec::as_slice).collect();
        is_valid(&groups, false, false)
    }

    #[test]
    fn usual_spellings_are_numbers_and_others_are_not() {
        for number in [
            "05321234567",
            "0532 123 45 67",
            "0 532 123 45 67",
            "0 5321234567",
            "0212 555 12 34",
            "905321234567",
            "90 532 123 45 67",
            "532 123 45 67",
            "00905321234567",
        ] {
            assert!(check(number), "{number}");
        }
        for other in
            ["5321234567", "00000000012", "02 10 2026 123", "09991234567", "1234567", "212 555 12 34"]
        {
            assert!(!check(other), "{other}");
        }
    }
}
