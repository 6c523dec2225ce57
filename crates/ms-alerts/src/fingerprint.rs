//! FNV-1a with 64 bits, as Prometheus hashes label sets.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
/// An odd number with as many ones as zeros: the golden ratio's.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
const PRIME: u64 = 0x0000_0100_0000_01b3;
/// Not a byte of UTF-8, so no text can imitate the border between two.
const SEPARATOR: u8 = 255;

pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(OFFSET)
    }
}

impl Fnv {
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        text.bytes()
            .chain([SEPARATOR])
            .for_each(|byte| self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(PRIME));
        self
    }

    pub(crate) fn finish(&self) -> u64 {
        self.0
    }
}

/// Equal for equal label sets, in whatever order the labels stand; seldom equal for others, and for nobody but this process.
pub(crate) fn of_labels<'l>(labels: impl Iterator<Item = (&'l str, &'l str)>) -> u64 {
    let hash = |(name, value)| eight_at_once(eight_at_once(OFFSET, name), value);
    labels.map(hash).fold(0, u64::wrapping_add)
}

/// Folds the halves of a wide product, so that all bits count.
fn eight_at_once(start: u64, text: &str) -> u64 {
    let fold = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * u128::from(SPREAD);
        (product as u64) ^ ((product >> 64) as u64)
    };
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let hash = words.iter().fold(start, |hash, word| fold(hash, u64::from_le_bytes(*word)));
    let rest = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    fold(fold(hash, rest), text.len() as u64)
}
