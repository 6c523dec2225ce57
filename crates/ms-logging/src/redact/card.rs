//! Payment cards.

/// Whether cards are written in groups of these sizes.
pub(crate) fn has_groups(sizes: &[usize]) -> bool {
    matches!(sizes, [13..=19] | [4, 4, 4, 4] | [4, 4, 4, 4, 3] | [4, 6, 5] | [4, 6, 4] | [8, 8])
}

/// An issuer that exists, a length that it uses, and Luhn's check digit: long numbers pass that by accident one time in
/// ten.
pub(crate) fn is_valid(digits: &[u8]) -> bool {
    let lead =
        |count: usize| digits.iter().take(count).fold(0_u32, |value, digit| value * 10 + u32::from(*digit));
    let known = match digits.len() {
        13 => lead(1) == 4,
        14 => matches!(lead(2), 36 | 38 | 39) || (300..=305).contains(&lead(3)),
        15 => matches!(lead(2), 34 | 37),
        16 => {
            matches!(lead(1), 4)
                || matches!(lead(2), 35 | 50..=58 | 62 | 63 | 65 | 67)
                || matches!(lead(4), 2200..=2204 | 2221..=2720 | 6011 | 9792)
                || (644..=649).contains(&lead(3))
        }
        19 => matches!(lead(1), 4) || matches!(lead(2), 62 | 65 | 67),
        _ => false,
    };
    known && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match u32::from(*digit) << (place % 2) {
            large @ 10.. => large - 9,
            small => small,
        })
        .sum();
    sum.is_multiple_of(10)
}
