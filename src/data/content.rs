//! Content keys: a result on disk is stored under a hash of everything it was calculated from.

/// A 128-bit FNV-1a hash (Fowler, Noll, Vo) over labelled pieces, the same on every machine.
#[derive(Clone, Debug)]
pub struct ContentKey(u128);

const OFFSET: u128 = 0x6c62272e07bb014262b821756295c58d;
const PRIME: u128 = 0x0000000001000000000000000000013b;

impl ContentKey {
    /// Starts a key for one kind of result, with its version: `training 1`.
    pub fn new(kind: &str) -> Self {
        Self(OFFSET).text(kind)
    }

    /// Adds bytes, without their number.
    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(PRIME);
        }
        self
    }

    /// Adds a string.
    pub fn text(self, text: &str) -> Self {
        self.integer(text.len() as u64).bytes(text.as_bytes())
    }

    /// Adds an integer.
    pub fn integer(self, value: u64) -> Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Adds integers with their number.
    pub fn integers(self, values: &[u64]) -> Self {
        values.iter().fold(self.integer(values.len() as u64), |key, value| key.integer(*value))
    }

    /// Adds numbers, bit for bit.
    pub fn numbers(self, values: &[f64]) -> Self {
        values.iter().fold(self.integer(values.len() as u64), |key, value| key.integer(value.to_bits()))
    }

    /// A number of the key, as a short name within a session.
    pub fn number(&self) -> u64 {
        self.0 as u64
    }

    /// The key, 32 hexadecimal digits.
    pub fn finish(&self) -> String {
        format!("{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_do_not_run_together() {
        let key = |a: &str, b: &str| ContentKey::new("test").text(a).text(b).finish();
        assert_ne!(key("ab", "c"), key("a", "bc"));
        assert_ne!(ContentKey::new("test").numbers(&[0.0]).finish(), ContentKey::new("test").numbers(&[-0.0]).finish());
    }

    #[test]
    fn the_published_test_value() {
        // FNV-1a 128 of "foobar" in the authors' test vectors.
        assert_eq!(ContentKey(OFFSET).bytes(b"foobar").finish(), "343e1662793c64bf6f0d3597ba446f18");
    }
}
