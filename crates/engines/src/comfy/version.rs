use std::fmt;

/// Of a ComfyUI: its first three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub [u32; 3]);

impl Version {
    /// `0.3.64`, `v0.4`, `0.3.64-dev`; `None` for what begins with fewer than two numbers.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('v');
        let numbers: Vec<u32> =
            text.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse().ok()).take(3).collect();
        let (&major, &minor) = (numbers.first()?, numbers.get(1)?);
        Some(Self([major, minor, numbers.get(2).copied().unwrap_or(0)]))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        let read = |text| Version::read(text).map(|version| version.0);
        for (text, version) in [
            ("0.3.64", Some([0, 3, 64])),
            ("v1.0", Some([1, 0, 0])),
            ("0.3.64-dev", Some([0, 3, 64])),
            ("0.3.64.2", Some([0, 3, 64])),
            ("3", None),
            ("", None),
            ("nightly", None),
        ] {
            assert_eq!(read(text), version, "{text}");
        }
        assert!(Version::read("0.3.9") < Version::read("0.3.64"));
    }
}
