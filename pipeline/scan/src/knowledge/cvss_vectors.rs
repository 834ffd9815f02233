//! CVSS vectors by id, as records in the OSV format give them.

use std::collections::BTreeMap;

use cvss::Cvss;

use crate::finding::CvssScore;

/// The vector of each id, in the newest version of CVSS that anybody gave for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CvssVectors {
    vectors: BTreeMap<String, (u8, CvssScore)>,
}

impl CvssVectors {
    /// The vector and base score of an id.
    pub fn of(&self, id: &str) -> Option<CvssScore> {
        self.vectors.get(id).map(|(_, score)| score.clone())
    }

    /// Adds a vector of CVSS 3.0, 3.1 or 4.0. Of several the newest version stands, then the highest score. Whether it is a vector.
    pub fn add(&mut self, id: &str, vector: &str) -> bool {
        let Ok(cvss) = vector.parse::<Cvss>() else { return false };
        let version = match cvss {
            Cvss::CvssV40(_) => 40,
            Cvss::CvssV31(_) => 31,
            _ => 30,
        };
        let new = (version, CvssScore { vector: vector.to_owned(), score: cvss.score() });
        let held = self.vectors.get(id).map(|(version, held)| (*version, held.score));
        if held.is_none_or(|held| held < (new.0, new.1.score)) {
            self.vectors.insert(id.to_owned(), new);
        }
        true
    }

    /// How many ids have a vector.
    pub fn len(&self) -> usize {
        self.vectors.len()
    }

    /// Whether none has one.
    pub fn is_empty(&self) -> bool {
        self.vectors.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    const NEW: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    const NEWEST: &str = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N";

    #[test]
    fn the_newest_version_stands_whatever_the_order() {
        for order in [[OLD, NEW, NEWEST], [NEWEST, NEW, OLD]] {
            let mut vectors = CvssVectors::default();
            assert!(order.iter().all(|vector| vectors.add("CVE-2024-1", vector)));
            assert_eq!(vectors.of("CVE-2024-1").unwrap(), CvssScore { vector: NEWEST.into(), score: 9.3 });
        }
        let mut vectors = CvssVectors::default();
        vectors.add("CVE-2024-1", NEW);
        assert_eq!(vectors.of("CVE-2024-1").unwrap().score.to_bits(), 9.8_f64.to_bits());
        assert!(!vectors.add("CVE-2024-2", "AV:N/AC:L") && vectors.of("CVE-2024-2").is_none());
    }
}
