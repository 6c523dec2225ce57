//! The V2 encoding, byte by byte as HdrHistogram writes it.

use super::{Histogram, wire};

const HEADER: usize = 40;
/// The last byte's upper half tells the width of words; V2 always writes 1 there.
const COOKIE_BASE: u32 = !0xf0;
const V2: u32 = 0x1c84_9303;
const V2_COMPRESSED: u32 = 0x1c84_9304;
const WIDTH: u32 = 0x10;
/// Whatever a hostile header asks for, no more memory than this is taken: the widest range at 5 digits.
const LONGEST_NUMBER: usize = 9;

/// Why bytes are not a histogram.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end too early, or do not begin as any encoding does.
    #[error("not an encoded histogram")]
    Shape,
    /// It is encoded in an older version.
    #[error("encoding {version} is not supported, only V2")]
    Version {
        /// `V0` or `V1`.
        version: &'static str,
    },
    /// The header asks for bounds or a precision that no histogram can have.
    #[error("header with impossible bounds")]
    Bounds,
    /// The counts reach beyond the bounds of the header, or one is out of range.
    #[error("counts do not fit the header")]
    Counts,
    /// The compressed bytes cannot be unpacked.
    #[error("compressed part is damaged")]
    Compression,
}

impl Histogram {
    /// Encodes as V2, not compressed. Values that were [`saturated`](Self::saturated) are counted in it, but no longer
    /// told of.
    pub fn to_v2(&self) -> Vec<u8> {
        let counts = self.encode_counts();
        let mut bytes = Vec::with_capacity(HEADER + counts.len());
        bytes.extend((V2 | WIDTH).to_be_bytes());
        bytes.extend(u32::try_from(counts.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(0_u32.to_be_bytes());
        bytes.extend(u32::from(self.digits()).to_be_bytes());
        bytes.extend(self.lowest().to_be_bytes());
        bytes.extend(self.highest().to_be_bytes());
        bytes.extend(1.0_f64.to_be_bytes());
        bytes.extend(counts);
        bytes
    }

    /// Decodes V2, and with the feature `hlog` the compressed form too.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the bytes are anything else. Memory is bounded by what the header asks for, 50 MB at most,
    /// and that is checked against the histogram's own limits first.
    pub fn from_v2(bytes: &[u8]) -> Result<Self, DecodeError> {
        let cookie = u32::from_be_bytes(*bytes.first_chunk().ok_or(DecodeError::Shape)?);
        match cookie & COOKIE_BASE {
            V2 => {
                let (header, rest) = bytes.split_first_chunk().ok_or(DecodeError::Shape)?;
                let header = Header::read(header)?;
                let counts = rest.get(..header.length).ok_or(DecodeError::Shape)?;
                header.decode(counts)
            }
            V2_COMPRESSED => Self::from_compressed(bytes),
            0x1c84_9301 | 0x1c84_9302 => Err(DecodeError::Version { version: "V1" }),
            0x1c84_9308 | 0x1c84_9309 => Err(DecodeError::Version { version: "V0" }),
            _ => Err(DecodeError::Shape),
        }
    }

    #[cfg(not(feature = "hlog"))]
    fn from_compressed(_: &[u8]) -> Result<Self, DecodeError> {
        Err(DecodeError::Version { version: "V2-compressed (feature `hlog`)" })
    }

    /// Counts up to the last that is not 0; runs of zeros as their negative length, a single one as itself.
    fn encode_counts(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut next = 0;
        for (index, _, count) in self.recorded() {
            match index - next {
                0 => {}
                1 => wire::put(0, &mut bytes),
                zeros => wire::put(-i64::try_from(zeros).unwrap_or(i64::MAX), &mut bytes),
            }
            wire::put(i64::try_from(count).unwrap_or(i64::MAX), &mut bytes);
            next = index + 1;
        }
        if bytes.is_empty() {
            wire::put(0, &mut bytes);
        }
        bytes
    }
}

/// What stands before the counts.
struct Header {
    empty: Histogram,
    /// Bytes of counts.
    length: usize,
}

impl Header {
    fn read(bytes: &[u8; HEADER]) -> Result<Self, DecodeError> {
        let mut rest = bytes.as_slice();
        let mut word = || {
            let (word, after) = rest.split_first_chunk().ok_or(DecodeError::Shape)?;
            rest = after;
            Ok(u32::from_be_bytes(*word))
        };
        let (cookie, length, offset, digits) = (word()?, word()?, word()?, word()?);
        if cookie & COOKIE_BASE != V2 {
            return Err(DecodeError::Shape);
        }
        let mut long = || Ok::<_, DecodeError>(u64::from(word()?) << 32 | u64::from(word()?));
        let (lowest, highest) = (long()?, long()?);
        let digits = u8::try_from(digits).map_err(|_| DecodeError::Bounds)?;
        // An offset comes only of histograms shifted in place, which nobody logs.
        if offset != 0 {
            return Err(DecodeError::Bounds);
        }
        let empty = Histogram::new(lowest, highest, digits).map_err(|_| DecodeError::Bounds)?;
        let length = usize::try_from(length).map_err(|_| DecodeError::Shape)?;
        if length > empty.counts.distinct_values() * LONGEST_NUMBER {
            return Err(DecodeError::Counts);
        }
        Ok(Self { empty, length })
    }

    fn decode(self, mut counts: &[u8]) -> Result<Histogram, DecodeError> {
        let mut histogram = self.empty;
        let (geometry, buckets) = (histogram.geometry(), histogram.counts.distinct_values());
        let mut index = 0_usize;
        while !counts.is_empty() {
            let number = wire::take(&mut counts).ok_or(DecodeError::Shape)?;
            if number < 0 {
                let zeros = usize::try_from(number.unsigned_abs()).map_err(|_| DecodeError::Counts)?;
                index = index.checked_add(zeros).ok_or(DecodeError::Counts)?;
            } else {
                if number > 0 && index < buckets {
                    histogram.record_n(geometry.value(index), number.unsigned_abs());
                }
                index += 1;
            }
            if index > buckets {
                return Err(DecodeError::Counts);
            }
        }
        Ok(histogram)
    }
}

#[cfg(feature = "hlog")]
mod compressed {
    use std::io::{Read, Write};

    use flate2::Compression;
    use flate2::read::ZlibDecoder;
    use flate2::write::ZlibEncoder;

    use super::{DecodeError, HEADER, Header, Histogram, V2_COMPRESSED, WIDTH};

    impl Histogram {
        /// Encodes as V2 and compresses with zlib, as interval logs do before Base64.
        pub fn to_v2_compressed(&self) -> Vec<u8> {
            let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
            // Writing to memory cannot fail.
            let _ = packer.write_all(&self.to_v2());
            let packed = packer.finish().unwrap_or_default();
            let mut bytes = Vec::with_capacity(packed.len() + 8);
            bytes.extend((V2_COMPRESSED | WIDTH).to_be_bytes());
            bytes.extend(u32::try_from(packed.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend(packed);
            bytes
        }

        pub(super) fn from_compressed(bytes: &[u8]) -> Result<Self, DecodeError> {
            let rest = bytes.get(4..).unwrap_or_default();
            let (length, rest) = rest.split_first_chunk().ok_or(DecodeError::Shape)?;
            let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| DecodeError::Shape)?;
            let packed = rest.get(..length).ok_or(DecodeError::Shape)?;
            let mut source = ZlibDecoder::new(packed);
            let mut header = [0; HEADER];
            source.read_exact(&mut header).map_err(|_| DecodeError::Compression)?;
            let header = Header::read(&header)?;
            // Not more than the header may ask for, however well the rest is packed.
            let mut counts = Vec::new();
            let limit = u64::try_from(header.length).unwrap_or(u64::MAX);
            source.take(limit).read_to_end(&mut counts).map_err(|_| DecodeError::Compression)?;
            if counts.len() < header.length {
                return Err(DecodeError::Shape);
            }
            header.decode(&counts)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn histogram(values: &[(u64, u64)]) -> Histogram {
        let mut histogram = Histogram::new(1, 3_600_000_000, 3).unwrap();
        values.iter().for_each(|(value, count)| histogram.record_n(*value, *count));
        histogram
    }

    #[test]
    fn the_bytes_are_those_of_the_format() {
        let bytes = histogram(&[(1, 2), (3, 1), (6, 300)]).to_v2();
        assert_eq!(bytes[..8], [0x1c, 0x84, 0x93, 0x13, 0, 0, 0, 7]);
        // Zero at 0; two at 1; zero at 2; one at 3; two zeros; three hundred at 6.
        assert_eq!(bytes[HEADER..], [0, 4, 0, 2, 3, 0xd8, 0x04]);
        assert_eq!(histogram(&[]).to_v2()[HEADER..], [0]);
    }

    #[test]
    fn older_versions_are_refused_by_name() {
        for (cookie, version) in [(0x1c84_9301_u32, "V1"), (0x1c84_9312, "V1"), (0x1c84_9308, "V0")] {
            let found = Histogram::from_v2(&cookie.to_be_bytes()).unwrap_err();
            assert_eq!(found, DecodeError::Version { version });
        }
    }

    #[test]
    fn counts_beyond_the_bounds_are_refused() {
        let mut bytes = Histogram::new(1, 2, 0).unwrap().to_v2();
        let end = bytes.len() - 1;
        bytes[end] = 0x7f;
        assert_eq!(Histogram::from_v2(&bytes), Err(DecodeError::Counts));
        assert_eq!(Histogram::from_v2(&bytes[..end]), Err(DecodeError::Shape));
        assert_eq!(Histogram::from_v2(&[]), Err(DecodeError::Shape));
    }

    proptest! {
        // Each case makes histograms of 185 KiB.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_encoded_is_decoded(
            values in prop::collection::vec((0..3_600_000_000_u64, 1..1_000_000_u64), 0..40)
        ) {
            let histogram = histogram(&values);
            prop_assert_eq!(&Histogram::from_v2(&histogram.to_v2()).unwrap(), &histogram);
            #[cfg(feature = "hlog")]
            prop_assert_eq!(&Histogram::from_v2(&histogram.to_v2_compressed()).unwrap(), &histogram);
        }

        #[test]
        fn no_bytes_do_harm(flips in prop::collection::vec((8..60_usize, any::<u8>()), 1..6)) {
            let mut bytes = histogram(&[(5, 1), (700, 3), (40_000, 2)]).to_v2();
            for (place, byte) in flips {
                let place = place % bytes.len();
                bytes[place] = byte;
            }
            if let Ok(read) = Histogram::from_v2(&bytes) {
                prop_assert_eq!(Histogram::from_v2(&read.to_v2()), Ok(read));
            }
        }
    }
}
