//! A text that nobody gets to see.

use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::REDACTED;

/// A text that prints as `<redacted>`, is wiped from memory when it is dropped, and cannot be
/// serialised:
///
/// ```compile_fail
/// fn serialise(value: impl serde::Serialize) {}
/// serialise(dbtool::secret::Secret::new("hunter2"));
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl ZeroizeOnDrop for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in memory at this place now, without unsafe code: the system shows a process
    /// its own memory as a file.
    #[cfg(target_os = "linux")]
    fn memory(at: usize, length: usize) -> Vec<u8> {
        use std::os::unix::fs::FileExt as _;
        let mut bytes = vec![0; length];
        let file = std::fs::File::open("/proc/self/mem").expect("a process sees itself");
        // Nothing is read where the memory was given back to the system.
        let read = file.read_at(&mut bytes, at as u64).unwrap_or_default();
        bytes.truncate(read);
        bytes
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_secret_is_wiped_when_it_is_dropped() {
        // Long enough for nobody else to be given the same piece of memory at once.
        let text = "hunter2-".repeat(4_000);
        let secret = Secret::new(text.clone());
        let copy = secret.clone();
        let places = [&secret, &copy].map(|it| it.expose().as_ptr() as usize);
        for place in places {
            assert_eq!(memory(place, text.len()), text.as_bytes());
        }
        drop((secret, copy));
        for place in places {
            let left = String::from_utf8_lossy(&memory(place, text.len())).into_owned();
            assert!(!left.contains("hunter2-"), "a secret is left in memory");
        }
    }
}
