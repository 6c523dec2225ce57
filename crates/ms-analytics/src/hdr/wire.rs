//! Numbers as the encodings write them: ZigZag LEB128 of at most nine bytes.

/// Appends a number; small ones of either sign take one byte.
pub(super) fn put(number: i64, out: &mut Vec<u8>) {
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    for _ in 0..8 {
        if rest < 0x80 {
            out.push(rest as u8);
            return;
        }
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    // The ninth byte has all of its eight bits.
    out.push(rest as u8);
}

/// Takes a number off the front; `None` if the bytes end within it.
pub(super) fn take(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0_u64;
    for place in 0..9 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = if place == 8 { *byte } else { byte & 0x7f };
        number |= u64::from(bits) << (7 * place);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_put_is_taken(number: i64, shift in 0..64_u32) {
            let mut bytes = Vec::new();
            put(number >> shift, &mut bytes);
            prop_assert!(bytes.len() <= 9);
            let mut rest = bytes.as_slice();
            prop_assert_eq!(take(&mut rest), Some(number >> shift));
            prop_assert!(rest.is_empty());
            prop_assert_eq!(take(&mut &bytes[..bytes.len() - 1]), None);
        }
    }
}
