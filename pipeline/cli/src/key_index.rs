//! The page `/keys/`: what each file is for, in words, with lines to copy.
//!
//! In: the address of this server as the reader knows it, what is handed out, an image to show lines with. Out: HTML.

use jiff::tz::TimeZone;
use maud::{Markup, html};
use worker::{KeyRole, KeyStanding, KnownIdentity, KnownKey};

use crate::key_texts::Handout;
use crate::status_parts::{frame, frame_with};

/// The image in the lines where nothing is published.
const NO_EXAMPLE: &str = "IMAGE:TAG";

/// The page of the server.
pub(crate) fn page(url: &str, handout: &Handout, example: Option<&str>) -> Markup {
    frame("bedplate: keys", &content(url, handout, example))
}

/// The page among files, with its style beside it.
pub(crate) fn file(url: &str, handout: &Handout, example: Option<&str>) -> Markup {
    frame_with("bedplate: keys", "style.css", &content(url, handout, example), &html! {})
}

fn content(url: &str, handout: &Handout, example: Option<&str>) -> Markup {
    let image = format!("{}/{}", handout.name, example.unwrap_or(NO_EXAMPLE));
    html! {
        header {
            h1 { "Keys" }
            p { "What you verify the images of " code { (handout.name) } " with. The release key says that an image is ours; \
                 the statement key says what is in it and where it comes from. Fetch the files once, over a connection that you trust, and keep them." }
        }
        main {
            @if handout.known.is_empty() {
                p { "There are no keys yet: they are made when the factory starts, before anything is published." }
            } @else {
                (keys(handout))
                (tools(url, handout, &image))
            }
        }
    }
}

fn keys(handout: &Handout) -> Markup {
    html! {
        h2 { "The keys" }
        section {
            table.dense {
                thead { tr { th scope="col" { "Signs" } th scope="col" { "Key" } th scope="col" { "Standing" } th scope="col" { "Made" } } }
                tbody {
                    @for key in handout.known.all() { (row(key)) }
                    @for known in handout.known.identities() { (identity_row(known)) }
                }
            }
        }
        p { small { "A key's id is the SHA-256 digest of its public half in DER. While a key is being replaced, the old and the new one sign; \
                     a retired one signs nothing, and what it signed is still believed." } }
    }
}

fn signs(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Release => "images",
        KeyRole::Statement => "statements about images",
    }
}

fn identity_row(known: &KnownIdentity) -> Markup {
    html! {
        tr {
            td { (signs(known.role)) }
            td { "certificates of " code { (known.identity.subject) } ", for whom " code { (known.identity.issuer) } " vouches" }
            td { span.badge.good { "signs" } }
            td {}
        }
    }
}

fn row(key: &KnownKey) -> Markup {
    html! {
        tr {
            td { (signs(key.role)) }
            td { code { (key.public.id()) } }
            td { @match key.standing {
                KeyStanding::Active => span.badge.good { "signs" },
                KeyStanding::Retired => span.badge.unknown { "retired" },
            } }
            td { @if let Some(made) = key.made { time datetime=(made) { (made.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string()) } } }
        }
    }
}

fn tools(url: &str, handout: &Handout, image: &str) -> Markup {
    let fetch = |file: &str| format!("curl -fsS {url}/keys/{file} -o {file}");
    let release = handout.known.identity(KeyRole::Release);
    let policy = match handout.known.identities() {
        [] => format!("bedplate verify --policy policy.yaml {image}"),
        _ => format!("bedplate verify --policy policy.yaml --trusted-root trusted_root.json {image}"),
    };
    html! {
        @match release {
            Some(known) => (cosign_by_identity(url, known, image)),
            None => (tools_for_keys(url, handout, image)),
        }
        (tool("bedplate", &["policy.yaml", "trusted_root.json"], &[&fetch("policy.yaml"), &fetch("trusted_root.json"), &policy],
            &html! { "Everybody who signs, what each is believed about, and what must be said about an image. containerd's image verifier reads \
                      the same policy." }))
        @if handout.known.identity(KeyRole::Statement).is_none() {
            (tool("Statements", &["statement.pub"], &[
                &fetch("statement.pub"),
                &format!("cosign verify-attestation --key statement.pub --type spdxjson --insecure-ignore-tlog {image}"),
            ], &html! { "What is in an image, and where it comes from: SPDX, CycloneDX, provenance. Never verify an image with this key: \
                        cosign takes any statement for a signature." }))
        }
    }
}

/// A pattern for several subjects is no subject for cosign: whoever reads it puts one in.
fn cosign_by_identity(url: &str, known: &KnownIdentity, image: &str) -> Markup {
    let pattern = known.identity.subject.to_string();
    let subject = if pattern.contains(['*', '?', '[', '{', '\\', '\'']) { "SUBJECT" } else { &pattern };
    let issuer = &known.identity.issuer;
    html! {
        (tool("cosign", &["trusted_root.json"], &[
            &format!("curl -fsS {url}/keys/trusted_root.json -o trusted_root.json"),
            &format!("cosign verify --trusted-root trusted_root.json --use-signed-timestamps --certificate-identity '{subject}' \
                      --certificate-oidc-issuer '{issuer}' {image}"),
        ], &html! { "Nobody but the registry is asked. Where the trusted root has no log of certificates, cosign needs "
            code { "--insecure-ignore-sct" } ", and where it has no transparency log, " code { "--insecure-ignore-tlog" } "." }))
    }
}

fn tools_for_keys(url: &str, handout: &Handout, image: &str) -> Markup {
    let fetch = |file: &str, to: &str| format!("curl -fsS {url}/keys/{file} -o {to}");
    let several = handout.known.of(KeyRole::Release).len() > 1;
    html! {
        (tool("cosign", &["cosign.pub", "trusted_root.json"], &[
            &fetch("cosign.pub", "cosign.pub"),
            &fetch("trusted_root.json", "trusted_root.json"),
            &format!("cosign verify --key cosign.pub --trusted-root trusted_root.json --insecure-ignore-tlog {image}"),
        ], &html! {
            "Signatures by a key stand in no public log, and nobody but the registry is asked."
            @if several { " There are several release keys: cosign reads the first of a file only, so give each a file of its own \
                            and accept what any of them verifies." }
        }))
        (tool("podman, skopeo, buildah, CRI-O", &["containers-policy.json", "registries.d.yaml"], &[
            &fetch("containers-policy.json", "/etc/containers/policy.json"),
            &fetch("registries.d.yaml", "/etc/containers/registries.d/bedplate.yaml"),
            &format!("podman pull {image}"),
        ], &html! { "The policy refuses every other image: where you have a policy, add its entry for " code { (handout.name) } " to yours." }))
        (tool("Kubernetes with Kyverno", &["kyverno.yaml"], &[&format!("kubectl apply -f {url}/keys/kyverno.yaml")],
            &html! { "A pod starts only if its images below this name are signed; tags are replaced by digests." }))
        (tool("Kubernetes with Sigstore's policy-controller", &["policy-controller.yaml"],
            &[&format!("kubectl apply -f {url}/keys/policy-controller.yaml")],
            &html! { "Counts in namespaces with the label " code { "policy.sigstore.dev/include=true" } "." }))
    }
}

fn tool(name: &str, files: &[&str], lines: &[&str], note: &Markup) -> Markup {
    html! {
        h2 { (name) }
        p { (note) }
        p { @for (number, file) in files.iter().enumerate() { @if number > 0 { " · " } a href=(file) { (file) } } }
        pre.text { (lines.join("\n")) }
    }
}
