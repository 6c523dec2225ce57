//! Telephone numbers: Turkish ones in every usual spelling, others if they begin with `+`.

/// What digits in groups are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A telephone number.
    Yes,
    /// One if no other number stands beside it.
    IfAlone,
    /// One if the words before it speak of telephones.
    IfSpokenOf,
    No,
}

/// Judges digits in groups of these sizes. `plus`: a `+` stands before them; `in_brackets`: an opening bracket does.
pub(crate) fn judge(digits: &[u8], sizes: &[usize], plus: bool, in_brackets: bool) -> Verdict {
    let yes_if = |known: bool| if known { Verdict::Yes } else { Verdict::No };
    if plus {
        return yes_if(match digits {
            [9, 0, 0, national @ ..] | [9, 0, national @ ..] if is_national(national) => true,
            [9, 0, ..] | [0, ..] => false,
            foreign => is_foreign(foreign, sizes),
        });
    }
    match digits {
        [0, 0, 9, 0, national @ ..] if is_national(national) => {
            yes_if(begins(sizes, &[&[2, 2], &[4], &[7], &[14]]))
        }
        // The zero stands alone or with the area code; a date or a measure has other groups.
        [0, national @ ..] if is_national(national) => {
            yes_if(begins(sizes, &[&[1, 3], &[1, 10], &[4], &[11]]) || in_brackets && sizes.starts_with(&[4]))
        }
        [9, 0, national @ ..]
            if is_national(national) && begins(sizes, &[&[2, 3], &[2, 10], &[5], &[12]]) =>
        {
            // Twelve digits in one run are an id as often.
            if sizes.len() > 1 { Verdict::Yes } else { Verdict::IfAlone }
        }
        [9, 0, 0, national @ ..]
            if is_national(national) && begins(sizes, &[&[2, 1, 3], &[2, 4], &[2, 11]]) =>
        {
            Verdict::Yes
        }
        national if is_national(national) => without_prefix(national, sizes, in_brackets),
        _ => Verdict::No,
    }
}

/// Without any prefix, digits are anything unless they are grouped as telephone numbers are.
fn without_prefix(national: &[u8], sizes: &[usize], in_brackets: bool) -> Verdict {
    match sizes {
        [3, 3, 2, 2] | [3, 3, 4] | [3, 7] | [3, 2, 2, 3] if in_brackets => Verdict::Yes,
        [3, 3, 2, 2] | [3, 3, 4] | [3, 7] if is_mobile(national) => Verdict::IfAlone,
        [3, 3, 2, 2] | [3, 3, 4] | [3, 7] => Verdict::IfSpokenOf,
        [10] if is_mobile(national) => Verdict::IfSpokenOf,
        _ => Verdict::No,
    }
}

/// A country code and what follows it, which no country makes longer than 15 digits.
fn is_foreign(digits: &[u8], sizes: &[usize]) -> bool {
    match digits.len() {
        // In one run so few digits are a number of something, but for the countries whose numbers have eight.
        10 if sizes.len() == 1 => matches!(digits, [4, 5 | 7, ..] | [6, 5, ..]),
        10..=15 => true,
        _ => false,
    }
}

/// Whether the last groups are those in which most write a number.
pub(crate) fn has_usual_end(sizes: &[usize]) -> bool {
    sizes.ends_with(&[3, 2, 2]) || sizes.ends_with(&[3, 4]) || sizes.ends_with(&[7])
}

fn begins(sizes: &[usize], ways: &[&[usize]]) -> bool {
    let rest = |way: &&[usize]| sizes.strip_prefix(*way);
    ways.iter().filter_map(rest).any(|rest| rest.iter().all(|size| *size >= 2))
}

fn is_mobile(national: &[u8]) -> bool {
    national.first() == Some(&5)
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
    use super::{Verdict, judge};

    fn check(text: &str) -> Verdict {
        let sizes: Vec<usize> = text.split(' ').map(str::len).collect();
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').map(|byte| byte - b'0').collect();
        judge(&digits, &sizes, false, false)
    }

    #[test]
    fn usual_spellings_are_numbers_and_others_are_not() {
        for number in [
            "05321234567",
            "0532 123 45 67",
            "0 532 123 45 67",
            "0 5321234567",
            "0212 555 12 34",
            "90 532 123 45 67",
            "00905321234567",
        ] {
            assert_eq!(check(number), Verdict::Yes, "{number}");
        }
        for number in ["532 123 45 67", "905321234567", "902125551234"] {
            assert_eq!(check(number), Verdict::IfAlone, "{number}");
        }
        for number in ["5321234567", "212 555 12 34"] {
            assert_eq!(check(number), Verdict::IfSpokenOf, "{number}");
        }
        for other in ["00000000012", "02 10 2026 123", "09991234567", "1234567", "4321234567"] {
            assert_eq!(check(other), Verdict::No, "{other}");
        }
    }

    #[test]
    fn foreign_numbers_begin_with_a_plus() {
        for (digits, sizes, expected) in [
            ("442079460958", vec![2, 2, 4, 4], Verdict::Yes),
            ("4915112345678", vec![13], Verdict::Yes),
            ("9507206088", vec![10], Verdict::No),
            ("4712345678", vec![10], Verdict::Yes),
            ("909507206088", vec![12], Verdict::No),
        ] {
            let digits: Vec<u8> = digits.bytes().map(|byte| byte - b'0').collect();
            assert_eq!(judge(&digits, &sizes, true, false), expected, "{digits:?}");
        }
    }
}
