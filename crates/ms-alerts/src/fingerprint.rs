//! FNV-1a with 64 bits, as Prometheus hashes label sets.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
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

/// Equal for equal label sets, in whatever order the labels stand.
pub(crate) fn of_labels<'l>(labels: impl Iterator<Item = (&'l str, &'l str)>) -> u64 {
    let hash = |(name, value)| Fnv::default().text(name).text(value).finish();
    labels.map(hash).fold(0, u64::wrapping_add)
}
