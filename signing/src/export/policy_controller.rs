//! For Sigstore's policy-controller: a `ClusterImagePolicy`.
//!
//! In: an audience. Out: YAML for `kubectl apply`. With a key it reads the classic form only.
//! Specification: <https://docs.sigstore.dev/policy-controller/overview/>.

use super::{Audience, block, quoted};

/// The policy; a signature by any one of the keys is enough.
pub fn cluster_image_policy(audience: &Audience) -> String {
    let globs: String =
        audience.scopes.iter().map(|scope| format!("    - glob: {}\n", quoted(&format!("{scope}/**")))).collect();
    let authority = |(number, key): (usize, &crate::PublicKey)| {
        let pem = block(&key.to_pem(), 10);
        format!("    - name: key-{}\n      key:\n        hashAlgorithm: sha256\n        data: |\n{pem}", number + 1)
    };
    let authorities: String = audience.keys.iter().enumerate().map(authority).collect();
    format!(
        "# kubectl apply -f FILE. Only namespaces with the label policy.sigstore.dev/include=true are looked at.
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: {}
spec:
  images:
{globs}  authorities:
{authorities}",
        audience.object_name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::audience;

    #[test]
    fn has_a_glob_for_each_scope_and_an_authority_for_each_key() {
        let text = cluster_image_policy(&audience(2));
        assert!(text.contains("    - glob: \"images.example.com/team/**\"\n"), "{text}");
        assert!(text.contains(
            "    - name: key-2\n      key:\n        hashAlgorithm: sha256\n        data: |\n          -----BEGIN"
        ));
    }
}
