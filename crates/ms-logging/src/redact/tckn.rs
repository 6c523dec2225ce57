//! Turkish identity numbers.

/// Whether eleven digits have the two check digits of an identity number.
pub(crate) fn is_valid(digits: &[u8]) -> bool {
    let [first, .., tenth, last] = digits else { return false };
    if digits.len() != 11 || *first == 0 {
        return false;
    }
    let nine = digits.get(..9).unwrap_or_default();
    let sum = |from: usize| nine.iter().skip(from).step_by(2).map(|digit| u32::from(*digit)).sum::<u32>();
    let (odd, even) = (sum(0), sum(1));
    // 10 * 4 keeps the difference from going below zero.
    (odd * 7 + 40 - even) % 10 == u32::from(*tenth)
        && (odd + even + u32::from(*tenth)) % 10 == u32::from(*last)
}

/// How most write one in groups.
pub(crate) const GROUPS: [usize; 4] = [3, 3, 3, 2];

/// Whether identity numbers are often written in groups of these sizes.
pub(crate) fn has_usual_groups(sizes: &[usize]) -> bool {
    matches!(sizes, [11]) || *sizes == GROUPS
}

/// Whether somebody may write them so: a few groups, of which none but one is a single digit.
pub(crate) fn has_rare_groups(sizes: &[usize]) -> bool {
    (2..=6).contains(&sizes.len()) && sizes.iter().filter(|size| **size == 1).count() <= 1
}

/// Whether this sign joins rare groups that nothing speaks of: versions have dots too, and sums have plus signs.
pub(crate) fn joins(sign: u8, sizes: &[usize]) -> bool {
    match sign {
        b' ' | b'-' => true,
        b'.' => matches!(sizes, [3 | 4, 3..=5, 3..=5]),
        b'+' => sizes.len() > 2,
        _ => false,
    }
}

/// Whether such groups begin with a date or a year, as numbers of orders do: `2026-0001234`, `20260304-123`.
pub(crate) fn begins_with_a_date(digits: &[u8], sizes: &[usize]) -> bool {
    let century = matches!(digits, [1, 9, ..] | [2, 0, ..]);
    century && matches!(sizes, [4, 7] | [4, 1 | 2, ..] | [8, 3] | [8, 2, 1] | [8, 1, 2])
}

#[cfg(test)]
mod tests {
    use super::is_valid;
    use proptest::prelude::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    #[test]
    fn check_digits_decide() {
        assert!(is_valid(&digits("10000000146")));
        for wrong in ["10000000147", "10000000136", "00000000000", "1000000014", "100000001460"] {
            assert!(!is_valid(&digits(wrong)), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_noticed(nine in proptest::collection::vec(0_u8..10, 9), at in 0_usize..9, other in 1_u8..10) {
            let mut number = nine;
            number[0] = number[0].max(1);
            let odd: u32 = number.iter().step_by(2).map(|d| u32::from(*d)).sum();
            let even: u32 = number.iter().skip(1).step_by(2).map(|d| u32::from(*d)).sum();
            number.push(((odd * 7 + 40 - even) % 10) as u8);
            number.push(((odd + even + u32::from(number[9])) % 10) as u8);
            prop_assert!(is_valid(&number));
            number[at] = (number[at] + other) % 10;
            prop_assert!(!is_valid(&number));
        }
    }
}
