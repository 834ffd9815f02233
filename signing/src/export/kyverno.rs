//! For Kyverno: a `ClusterPolicy` that lets a pod in only if its images are signed.
//!
//! In: an audience. Out: YAML for `kubectl apply`. It reads the classic form, which every version of Kyverno does; the transparency log is not
//! asked, because signatures by a key are not in it.
//! Specification: <https://kyverno.io/docs/policy-types/cluster-policy/verify-images/sigstore/>.

use super::{Audience, block, quoted};

/// The policy.
pub fn kyverno_policy(audience: &Audience) -> String {
    let images: String =
        audience.scopes.iter().map(|scope| format!("{:12}- {}\n", "", quoted(&format!("{scope}/*")))).collect();
    let entries: String = audience.keys.iter().map(|key| entry(&key.to_pem())).collect();
    format!(
        "# kubectl apply -f FILE. Images must be signed by any one of the keys; tags are replaced by digests.
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: {name}
spec:
  validationFailureAction: Enforce
  background: false
  rules:
    - name: signed
      match:
        any:
          - resources:
              kinds: [Pod]
      verifyImages:
        - imageReferences:
{images}          mutateDigest: true
          required: true
          attestors:
            - count: 1
              entries:
{entries}",
        name = audience.object_name(),
    )
}

fn entry(pem: &str) -> String {
    format!(
        "                - keys:
                    publicKeys: |-
{}                    signatureAlgorithm: sha256
                    rekor:
                      ignoreTlog: true
                    ctlog:
                      ignoreSCT: true
",
        block(pem, 22)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::audience;

    #[test]
    fn is_yaml_with_an_entry_for_each_key_and_asks_no_log() {
        let text = kyverno_policy(&audience(2));
        assert_eq!(text.matches("ignoreTlog: true").count(), 2);
        assert_eq!(text.matches("                      -----BEGIN PUBLIC KEY-----\n").count(), 2);
        assert!(text.contains("            - \"images.example.com/team/*\"\n"), "{text}");
    }
}
