//! Names that nobody can guess.

use std::io;

/// Random bytes from the system.
pub fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// A UUID of version 4.
pub fn uuid() -> io::Result<String> {
    let number = u128::from_be_bytes(bytes()?);
    let (version, variant) = (4 << 76, 0b10 << 62);
    let number = number & !(0xf << 76) & !(0b11 << 62) | version | variant;
    let hex = format!("{number:032x}");
    let (first, second, third, fourth, last) =
        (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    Ok(format!("{first}-{second}-{third}-{fourth}-{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_say_their_version_and_differ() {
        let (one, other) = (uuid().unwrap(), uuid().unwrap());
        assert_ne!(one, other);
        for uuid in [one, other] {
            let parts: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{uuid}");
            assert_eq!(&uuid[14..15], "4", "{uuid}");
            assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
        }
    }
}
