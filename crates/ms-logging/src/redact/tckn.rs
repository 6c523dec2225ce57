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

/// Whether identity numbers are often written in groups of these sizes.
pub(crate) fn has_usual_groups(sizes: &[usize]) -> bool {
    matches!(sizes, [11] | [3, 3, 3, 2] | [3, 3, 5] | [3, 4, 4])
}

/// Whether some write them so.
pub(crate) fn has_rare_groups(sizes: &[usize]) -> bool {
    matches!(
        sizes,
        [5, 6]
            | [6, 5]
            | [4, 4, 3]
            | [4, 3, 4]
            | [2, 3, 3, 3]
            | [5, 3, 3]
            | [3, 2, 3, 3]
            | [3, 3, 2, 3]
            | [1, 3, 3, 2, 2]
            | [1, 10]
            | [9, 2]
            | [3, 2, 2, 2, 2]
            | [2, 2, 2, 2, 3]
            | [1, 2, 2, 2, 2, 2]
    )
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
