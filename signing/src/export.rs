//! Texts by which other tools verify our images: each is complete, and says in its first lines where it goes.
//!
//! In: an [`Audience`]: names of images and public keys. Out: the text of a file. One module for each reader.

mod containerd;
mod containers;
mod kyverno;
mod policy_controller;
mod policy_file;
mod trusted_root;

pub use containerd::{CONTAINERD_BIN_DIR, CONTAINERD_POLICY, containerd_config, containerd_verifier};
pub use containers::{containers_policy, registries_d};
pub use kyverno::kyverno_policy;
pub use policy_controller::cluster_image_policy;
pub use policy_file::policy_file;
pub use trusted_root::empty_trusted_root;

use crate::PublicKey;

/// Whose images are verified, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// Canonical names: `HOST`, or `HOST/PATH`, without a tag or pattern.
    pub scopes: Vec<String>,
    /// Release keys; several while one is being replaced: a signature by any of them is good.
    pub keys: Vec<PublicKey>,
}

impl Audience {
    /// A name for Kubernetes made of the first scope: lower-case letters, digits and `-`.
    fn object_name(&self) -> String {
        let first = self.scopes.first().map_or("images", String::as_str).to_lowercase();
        let name: String =
            first.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        let name = name.trim_matches('-').chars().take(56).collect::<String>();
        format!("signed-{}", name.trim_end_matches('-'))
    }
}

/// A text as YAML and JSON both take it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// PEM as a block of YAML, each line with this indentation.
fn block(pem: &str, indentation: usize) -> String {
    pem.lines().map(|line| format!("{:indentation$}{line}\n", "")).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const ONE: &[u8] = include_bytes!("../tests/vectors/cosign.pub");

    pub(crate) fn audience(keys: usize) -> Audience {
        let key = PublicKey::from_pem(ONE).unwrap();
        Audience { scopes: vec!["images.example.com/team".to_owned()], keys: vec![key; keys] }
    }

    #[test]
    fn names_of_objects_are_names_for_kubernetes() {
        assert_eq!(audience(1).object_name(), "signed-images-example-com-team");
        let long = Audience { scopes: vec![format!("A{}:5000", ".b".repeat(90))], keys: vec![] };
        assert!(long.object_name().len() <= 63 && !long.object_name().ends_with('-'), "{}", long.object_name());
    }
}
