//! Whether one bundle or one classic signature proves something about the artifact, and what.
//!
//! In: the found bytes, the artifact, the policy's keys, the trusted root. Out: a [`Proof`] (who says what), or the [`Doubt`].
//!
//! The order is that of belief: first that a known signer made the signature, then what it says. Nothing that stands under a
//! stranger's signature is shown as more than a stranger's word.

use blob::Digest;
use jiff::Timestamp;
use oci::Reference;

use crate::doubt::Doubt;
use crate::encoding::shorten;
use crate::evidence::same_repository;
use crate::requirement::SKEW;
use crate::{
    Artifact, Bundle, COSIGN_SIGNATURE, Content, Envelope, FoundBundle, FoundClassic, Holder, PAYLOAD_TYPE, Policy,
    PublicKey, Role, SimpleSigning, StatementHead, TrustedIdentity, TrustedRoot,
};

/// What a known signer says about the artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The name of the key or identity in the policy; the first, where several names stand for it.
    pub signer: String,
    /// Every name under which the policy has this signer, with what it believes it about.
    pub standings: Vec<Standing>,
    /// Bundle or classic.
    pub form: Form,
    /// The referrer's manifest, or the payload of a classic signature.
    pub source: Digest,
    /// The type of what is said.
    pub predicate_type: String,
    /// What is said: the statement's bytes; of a classic signature the payload.
    pub payload: Vec<u8>,
    /// Times at which the signature is proven to have been there; none for keys without timestamps.
    pub times: Vec<Timestamp>,
    /// How the signer was told, in words.
    pub signed_by: String,
}

/// A signer's place in the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The name of the key or identity.
    pub name: String,
    /// What it is believed about.
    pub roles: Vec<Role>,
}

/// In which form a signature was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A Sigstore bundle.
    Bundle,
    /// A classic cosign signature.
    Classic,
}

/// What stays the same while the evidence of one artifact is looked at.
pub(crate) struct Court<'a> {
    pub(crate) artifact: &'a Artifact,
    pub(crate) policy: &'a Policy,
    pub(crate) root: Option<&'a TrustedRoot>,
    pub(crate) now: Timestamp,
}

/// Who signed, in the policy's words.
struct Known {
    /// Never empty.
    standings: Vec<Standing>,
    words: String,
    times: Vec<Timestamp>,
}

impl Standing {
    fn new(name: &str, roles: &[Role]) -> Self {
        Self { name: name.to_owned(), roles: roles.to_vec() }
    }
}

impl Known {
    fn name(&self) -> String {
        self.standings.first().map(|standing| standing.name.clone()).unwrap_or_default()
    }
}

impl Court<'_> {
    /// Looks at a bundle.
    pub(crate) fn bundle(&self, found: &FoundBundle) -> Result<Proof, Doubt> {
        let bundle = Bundle::parse(&found.bytes)?;
        let Content::Envelope(envelope) = &bundle.content else {
            return Err(Doubt::BareSignature);
        };
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(Doubt::PayloadType(shorten(&envelope.payload_type)));
        }
        let signer = match &bundle.material.holder {
            Holder::Key { hint } => self.key(envelope, hint)?,
            Holder::Certificate(_) => self.certificate(&found.bytes)?,
        };
        let head = StatementHead::parse(&envelope.payload)?;
        self.check_subject(&head)?;
        let (source, payload) = (found.referrer.clone(), envelope.payload.clone());
        Ok(Proof {
            signer: signer.name(),
            standings: signer.standings,
            form: Form::Bundle,
            source,
            predicate_type: head.predicate_type,
            payload,
            times: signer.times,
            signed_by: signer.words,
        })
    }

    /// Looks at a classic signature.
    pub(crate) fn classic(&self, found: &FoundClassic) -> Result<Proof, Doubt> {
        let layer = &found.signature.layer;
        if Digest::by(layer.digest.algorithm(), &found.payload) != layer.digest {
            return Err(Doubt::PayloadDigest(layer.digest.clone()));
        }
        let made = |key: &PublicKey| key.verifies(&found.payload, &found.signature.signature);
        let signer = match self.made_by(made) {
            Some(signer) => signer,
            None if found.signature.certificate().is_some() => return Err(Doubt::ClassicCertificate),
            None => return Err(Doubt::UnknownClassicKey),
        };
        let said = SimpleSigning::parse(&found.payload)?;
        if said.digest != self.artifact.digest {
            return Err(Doubt::OtherSubject(said.digest.to_string()));
        }
        let name = said.reference.parse().map_err(|_| Doubt::NoName(shorten(&said.reference)))?;
        self.check_name(&name)?;
        self.check_tag(&name)?;
        Ok(Proof {
            signer: signer.name(),
            standings: signer.standings,
            form: Form::Classic,
            source: layer.digest.clone(),
            predicate_type: COSIGN_SIGNATURE.to_owned(),
            payload: found.payload.clone(),
            times: Vec::new(),
            signed_by: signer.words,
        })
    }

    /// The key that made the envelope's one signature; the hint only says where a wrong signature claims to be from.
    fn key(&self, envelope: &Envelope, hint: &str) -> Result<Known, Doubt> {
        let (message, signature) = (envelope.to_sign(), envelope.signatures.first());
        let signature = signature.map(|signature| signature.sig.as_slice()).unwrap_or_default();
        if let Some(known) = self.made_by(|key| key.verifies(&message, signature)) {
            return Ok(known);
        }
        let named = self.policy.keys().iter().find(|(_, trusted)| trusted.key.hint() == hint);
        Err(named.map_or_else(|| Doubt::UnknownKey(shorten(hint)), |(name, _)| Doubt::Forged(name.clone())))
    }

    fn made_by(&self, made: impl Fn(&PublicKey) -> bool) -> Option<Known> {
        let (name, found) = self.policy.keys().iter().find(|(_, trusted)| made(&trusted.key))?;
        let same = self.policy.keys().iter().filter(|(_, trusted)| trusted.key == found.key);
        let standings = same.map(|(name, trusted)| Standing::new(name, &trusted.roles)).collect();
        Some(Known { standings, words: format!("the key `{name}` ({})", found.key.id().short()), times: Vec::new() })
    }

    fn certificate(&self, bundle: &[u8]) -> Result<Known, Doubt> {
        let root = self.root.ok_or(Doubt::NoTrustedRoot)?;
        let holder = root.verify(bundle, &self.artifact.digest).map_err(Doubt::Certificate)?;
        if let Some(time) = holder.times.iter().max().filter(|time| time.duration_since(self.now) > SKEW) {
            return Err(Doubt::Future { time: *time, now: self.now });
        }
        let (subject, issuer) = (shorten(&holder.subject), shorten(&holder.issuer));
        let fits = |(_, identity): &(&String, &TrustedIdentity)| {
            identity.issuer == holder.issuer && identity.subject.fits(&holder.subject)
        };
        let fitting = self.policy.identities().iter().filter(fits);
        let standings: Vec<_> = fitting.map(|(name, identity)| Standing::new(name, &identity.roles)).collect();
        let Some(first) = standings.first() else {
            return Err(Doubt::UnknownIdentity { subject, issuer });
        };
        let words = format!("`{subject}` (`{}`), for whom `{issuer}` vouches", first.name);
        Ok(Known { standings, words, times: holder.times })
    }

    fn check_subject(&self, head: &StatementHead) -> Result<(), Doubt> {
        let Some(subject) = head.about(&self.artifact.digest) else {
            let digests = head.subject.iter().flat_map(|subject| &subject.digest);
            let said = digests.map(|(algorithm, hex)| format!("{}:{}", shorten(algorithm), shorten(hex))).next();
            return Err(Doubt::OtherSubject(said.unwrap_or_else(|| "nothing".to_owned())));
        };
        // The name of a file says nothing about where an image is published; the name of an image does.
        let name = subject.name.as_deref().and_then(|name| name.parse::<Reference>().ok());
        name.filter(|name| name.registry.is_some()).map_or(Ok(()), |name| self.check_name(&name))
    }

    fn check_name(&self, said: &Reference) -> Result<(), Doubt> {
        match &self.artifact.name {
            Some(expected) if !same_repository(said, expected) => {
                Err(Doubt::OtherName { said: shorten(&said.to_string()), expected: expected.clone() })
            }
            _ => Ok(()),
        }
    }

    fn check_tag(&self, said: &Reference) -> Result<(), Doubt> {
        match (&said.tag, &self.artifact.tag) {
            (Some(said), Some(expected)) if said.as_str() != expected => {
                Err(Doubt::OtherTag { said: said.to_string(), expected: expected.clone() })
            }
            _ => Ok(()),
        }
    }
}
