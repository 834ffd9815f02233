//! For podman, skopeo, buildah, CRI-O: `policy.json` and a file of `registries.d`.
//!
//! In: an audience. Out: JSON for `/etc/containers/policy.json`, YAML for `/etc/containers/registries.d/`.
//! Specifications: <https://github.com/containers/image/blob/main/docs/containers-policy.json.5.md>,
//! <https://github.com/containers/image/blob/main/docs/containers-registries.d.5.md>.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Audience, quoted};
use crate::Others;
use crate::encoding::to_base64;

#[derive(Serialize)]
struct PolicyJson<'a> {
    default: [Requirement; 1],
    transports: BTreeMap<&'static str, BTreeMap<&'a str, Vec<Requirement>>>,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Requirement {
    #[serde(rename = "type")]
    kind: &'static str,
    /// One key in PEM and base64; since skopeo 1.10.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_data: Option<String>,
    /// Several keys; since skopeo 1.17.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_datas: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_identity: Option<SignedIdentity>,
}

#[derive(Serialize, Clone)]
struct SignedIdentity {
    #[serde(rename = "type")]
    kind: &'static str,
}

/// `policy.json`: images of these names must be signed, by any one of the keys, for their own repository.
pub fn containers_policy(audience: &Audience, others: Others) -> String {
    let mut keys: Vec<_> = audience.keys.iter().map(|key| to_base64(key.to_pem().as_bytes())).collect();
    let one = if keys.len() == 1 { keys.pop() } else { None };
    let signed = Requirement {
        kind: "sigstoreSigned",
        key_data: one,
        key_datas: (!keys.is_empty()).then_some(keys),
        // Signatures name the repository and no tag, as those that cosign makes.
        signed_identity: Some(SignedIdentity { kind: "matchRepository" }),
    };
    let bare = |kind| Requirement { kind, key_data: None, key_datas: None, signed_identity: None };
    let default = match others {
        Others::Refused => bare("reject"),
        Others::Accepted => bare("insecureAcceptAnything"),
    };
    let scopes = audience.scopes.iter().map(|scope| (scope.as_str(), vec![signed.clone()])).collect();
    let policy = PolicyJson { default: [default], transports: BTreeMap::from([("docker", scopes)]) };
    serde_json::to_string_pretty(&policy).unwrap_or_default() + "\n"
}

/// A file of `registries.d`: signatures lie beside the images. `mirrors` are the hosts from which they are really pulled, if others.
pub fn registries_d(audience: &Audience, mirrors: &[String]) -> String {
    let hosts = audience.scopes.iter().chain(mirrors);
    let hosts: String =
        hosts.map(|host| format!("  {}:\n    use-sigstore-attachments: true\n", quoted(host))).collect();
    format!("# Goes into /etc/containers/registries.d/. Mirrors need their own entry.\ndocker:\n{hosts}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::audience;

    #[test]
    fn one_key_is_written_so_that_old_readers_take_it_and_several_as_a_list() {
        let one: serde_json::Value = serde_json::from_str(&containers_policy(&audience(1), Others::Refused)).unwrap();
        let rule = &one["transports"]["docker"]["images.example.com/team"][0];
        assert_eq!((&one["default"][0]["type"], &rule["type"]), (&"reject".into(), &"sigstoreSigned".into()));
        assert!(rule["keyData"].is_string() && rule.get("keyDatas").is_none());
        assert_eq!(rule["signedIdentity"]["type"], "matchRepository");
        let two: serde_json::Value = serde_json::from_str(&containers_policy(&audience(2), Others::Accepted)).unwrap();
        let rule = &two["transports"]["docker"]["images.example.com/team"][0];
        assert!(rule.get("keyData").is_none() && rule["keyDatas"].as_array().unwrap().len() == 2);
    }

    #[test]
    fn every_host_that_is_really_asked_has_an_entry() {
        let text = registries_d(&audience(1), &["mirror.example:5000".to_owned()]);
        let expected = "docker:\n  \"images.example.com/team\":\n    use-sigstore-attachments: true\n  \"mirror.example:5000\":\n    use-sigstore-attachments: true\n";
        assert!(text.ends_with(expected), "{text}");
    }
}
