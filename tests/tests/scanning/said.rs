//! What is said about a published image, read and verified as anybody does who has the public keys.
//!
//! In: a house and the name of an image. Out: what is said of its index and each platform.

use std::sync::Arc;

use blob::Digest;
use jiff::Timestamp;
use registry::{Place, Reader};
use scan::{Finding, FindingStatus, Report, Standing, Verdict};
use serde_json::Value;
use signing::{Artifact, OPENVEX, PROVENANCE, Proof, VULNERABILITY_REPORT};
use worker::gather_evidence;

use crate::factory::NAME;
use crate::house::House;

/// What is said of one manifest.
pub(crate) struct Said {
    pub(crate) digest: Digest,
    pub(crate) proofs: Vec<Proof>,
    /// The manifests that speak about it, sorted.
    pub(crate) referrers: Vec<Digest>,
}

/// What is said of an image: of the index first, then of each platform.
pub(crate) async fn said(house: &House, image: &str) -> Vec<Said> {
    let published = house.publication(image);
    let mut all = Vec::new();
    for digest in [&published.index].into_iter().chain(published.platforms.values().map(|it| &it.manifest)) {
        all.push(said_of(house, &published.repository, digest).await);
    }
    all
}

async fn said_of(house: &House, repository: &str, digest: &Digest) -> Said {
    let (factory, repository) = (house.factory(), repository.parse().unwrap());
    let place = Place::Store(Arc::clone(&factory.store), repository);
    let evidence = gather_evidence(&Reader::open(&place).await.unwrap(), digest).await.unwrap();
    let Place::Store(store, repository) = place else { panic!("it is a store") };
    let artifact = Artifact { digest: digest.clone(), name: Some(format!("{NAME}/{repository}")), tag: None };
    let policy = factory.publisher.signers.policy(NAME);
    let verification = signing::verify(&artifact, &evidence, &policy, None, Timestamp::now());
    assert!(verification.accepted, "{}", verification.finding);
    let mut referrers: Vec<Digest> =
        store.referrers(&repository, digest).unwrap().into_iter().map(|it| it.digest).collect();
    referrers.sort();
    Said { digest: digest.clone(), proofs: verification.proofs, referrers }
}

impl Said {
    /// The statements of one type.
    pub(crate) fn of(&self, predicate_type: &str) -> Vec<&Proof> {
        self.proofs.iter().filter(|proof| proof.predicate_type == predicate_type).collect()
    }

    fn predicate(&self, predicate_type: &str) -> Option<Value> {
        let all = self.of(predicate_type);
        assert!(all.len() < 2, "{predicate_type} is said {} times", all.len());
        let statement: Value = serde_json::from_slice(&all.first()?.payload).unwrap();
        Some(statement["predicate"].clone())
    }

    /// The report's predicate.
    pub(crate) fn scan(&self) -> Value {
        self.predicate(VULNERABILITY_REPORT).unwrap()
    }

    pub(crate) fn reports(&self) -> Vec<Report> {
        serde_json::from_value(self.scan()["scanner"]["result"]["reports"].clone()).unwrap()
    }

    pub(crate) fn verdict(&self) -> Verdict {
        serde_json::from_value(self.scan()["scanner"]["result"]["verdict"].clone()).unwrap()
    }

    pub(crate) fn standing(&self) -> Standing {
        self.reports()[0].standing
    }

    /// What is found, the same on each platform, as `ID source status`.
    pub(crate) fn findings(&self) -> Vec<String> {
        let of = |report: &Report| report.findings.iter().map(short).collect::<Vec<_>>();
        let all: Vec<_> = self.reports().iter().map(of).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{all:?}");
        all[0].clone()
    }

    /// The OpenVEX document, where there is one.
    pub(crate) fn vex(&self) -> Option<Value> {
        self.predicate(OPENVEX)
    }

    pub(crate) fn provenance(&self) -> Value {
        self.predicate(PROVENANCE).unwrap()
    }
}

fn short(finding: &Finding) -> String {
    format!("{} {} {}", finding.id, finding.source, word(finding.status))
}

/// A status as reports write it.
pub(crate) fn word(status: FindingStatus) -> String {
    serde_json::to_value(status).unwrap().as_str().unwrap().to_owned()
}
