//! The two messages in their frames: a flag, the length, and protocol buffers of one field each.

use bytes::Bytes;

/// Reads `HealthCheckRequest.service`; `None` for what is no single uncompressed frame of one.
pub(super) fn service(frame: &[u8]) -> Option<String> {
    let (head, mut message) = frame.split_at_checked(5)?;
    let [0, a, b, c, d] = *head else { return None };
    if usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()? != message.len() {
        return None;
    }
    let mut service = "";
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        match tag & 7 {
            0 => {
                varint(&mut message)?;
            }
            1 => {
                take(&mut message, 8)?;
            }
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                let field = take(&mut message, length)?;
                // The last of several counts; fields of a later version are skipped.
                if tag >> 3 == 1 {
                    service = std::str::from_utf8(field).ok()?;
                }
            }
            5 => {
                take(&mut message, 4)?;
            }
            _ => return None,
        }
    }
    Some(service.to_owned())
}

/// Writes `HealthCheckResponse.status`; zero is the default and takes no bytes.
pub(super) fn answer(status: u8) -> Bytes {
    match status {
        0 => Bytes::from_static(&[0, 0, 0, 0, 0]),
        other => Bytes::copy_from_slice(&[0, 0, 0, 0, 2, 0x08, other]),
    }
}

fn take<'a>(message: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = message.split_at_checked(length)?;
    *message = rest;
    Some(taken)
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *take(message, 1)?.first()?;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(message: &[u8]) -> Vec<u8> {
        let mut frame = vec![0];
        frame.extend((message.len() as u32).to_be_bytes());
        frame.extend(message);
        frame
    }

    #[test]
    fn names_are_read_and_other_fields_skipped() {
        assert_eq!(service(&frame(b"")), Some(String::new()));
        assert_eq!(service(&frame(b"\x0a\x02db")), Some("db".to_owned()));
        let later =
            b"\x10\x96\x01\x1d\x01\x02\x03\x04\x21\x01\x02\x03\x04\x05\x06\x07\x08\x2a\x01x\x0a\x02db";
        assert_eq!(service(&frame(later)), Some("db".to_owned()));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let compressed = [1, 0, 0, 0, 0];
        let endless = frame(&[0x80; 11]);
        for broken in [
            &b""[..],
            &compressed,
            &[0, 0, 0, 0, 9],
            &endless,
            &frame(b"\x0a\x09db"),
            &frame(b"\x0a\x01\xff"),
            &frame(b"\x0b"),
        ] {
            assert_eq!(service(broken), None, "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn any_name_comes_through_and_no_bytes_panic(name in "\\PC{0,100}", bytes in any::<Vec<u8>>()) {
            let mut message = vec![0x0a];
            let length = name.len();
            if length > 0x7f {
                message.push(0x80 | (length & 0x7f) as u8);
                message.push((length >> 7) as u8);
            } else {
                message.push(length as u8);
            }
            message.extend(name.as_bytes());
            prop_assert_eq!(service(&frame(&message)), Some(name));
            let found = service(&frame(&bytes));
            prop_assert!(found.is_none_or(|found| found.len() <= bytes.len()));
        }
    }
}
