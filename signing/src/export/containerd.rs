//! For containerd from 2.1 on: its image verifier, which asks a program before it unpacks an image.
//!
//! In: nothing. Out: the part of `config.toml`, and the program: a shell script that calls `bedplate verify --containerd`.
//! Specification: <https://github.com/containerd/containerd/blob/main/docs/image-verification.md>.

/// Where the program goes; containerd runs everything in this folder.
pub const CONTAINERD_BIN_DIR: &str = "/opt/containerd/image-verifier/bin";
/// Where the policy goes.
pub const CONTAINERD_POLICY: &str = "/etc/bedplate/verify.yaml";

/// The part of `/etc/containerd/config.toml`.
pub fn containerd_config() -> String {
    format!(
        "# Goes into /etc/containerd/config.toml; then restart containerd. Every program in bin_dir must allow an image.
version = 3

[plugins.\"io.containerd.image-verifier.v1.bindir\"]
  bin_dir = \"{CONTAINERD_BIN_DIR}\"
  max_verifiers = 10
  per_verifier_timeout = \"10s\"
"
    )
}

/// The program in `bin_dir`, under any name; containerd adds the name and digest of the image.
pub fn containerd_verifier() -> String {
    format!(
        "#!/bin/sh\n# Goes into {CONTAINERD_BIN_DIR}/, and the policy to {CONTAINERD_POLICY}.\nexec bedplate verify --policy {CONTAINERD_POLICY} --containerd \"$@\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_reads_the_policy_that_is_handed_out_and_goes_where_containerd_looks() {
        assert!(containerd_config().contains("\n  bin_dir = \"/opt/containerd/image-verifier/bin\"\n"));
        assert!(containerd_verifier().starts_with("#!/bin/sh\n") && containerd_verifier().contains(CONTAINERD_POLICY));
    }
}
