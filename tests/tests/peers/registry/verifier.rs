//! containerd's image verifier plug-in: our binary in its folder lets signed images through, and nothing else.

use tests::binary;

use std::fs;
use std::os::unix::fs::symlink;

use super::containerd::Containerd;
use super::sample::Sample;
use super::server::Registry;
use super::tools::{Tool, brought, must};

#[test]
#[ignore = "needs the built binary, a newer containerd and cosign: tests/tools.sh brings them"]
fn containerd_pulls_what_is_signed_and_refuses_the_rest_with_the_reason() {
    let (Some(daemon), Some(ctr)) = (brought("forky/usr/bin/containerd"), brought("forky/usr/bin/ctr")) else { return };
    let Some(cosign) = Tool::newer("forky/usr/bin/cosign") else { return };
    let (registry, sample) = (Registry::start(), Sample::build());
    for repository in ["good", "evil", "unsigned", "other"] {
        sample.push(&registry, repository, "1");
    }
    let run =
        |arguments: &[&str]| must(cosign.command(arguments).env("COSIGN_PASSWORD", "x").env("COSIGN_YES", "true"));
    let offline = ["--tlog-upload=false", "--use-signing-config=false", "--allow-http-registry", "--recursive"];
    for (repository, key) in [("good", "cosign"), ("evil", "evil")] {
        run(&["generate-key-pair", "--output-key-prefix", key]);
        let image = registry.name(&format!("{repository}@{}", sample.index()));
        run(&[&["sign", "--key", &format!("{key}.key")], &offline[..], &[&image]].concat());
    }
    let folder = tempfile::tempdir().unwrap();
    let key = fs::read_to_string(cosign.home().join("cosign.pub")).unwrap().replace('\n', "\\n");
    let policy = folder.path().join("verify.yaml");
    let rule = |name: &str| registry.name(name);
    let text = format!(
        "keys:\n  release: {{key: \"{key}\", roles: [release]}}\nimages:\n- repositories: [\"{}\", \"{}\", \"{}\"]\n",
        rule("good"),
        rule("evil"),
        rule("unsigned")
    );
    fs::write(&policy, text).unwrap();
    let programs = folder.path().join("programs");
    fs::create_dir(&programs).unwrap();
    symlink(binary(), programs.join("bedplate-verifier")).unwrap();
    let plugin = format!(
        "[plugins.\"io.containerd.image-verifier.v1.bindir\"]\nbin_dir = {:?}\n",
        programs.display().to_string()
    );
    let containerd = Containerd::start_with(&daemon, &ctr, &plugin, &[("BEDPLATE_VERIFY_POLICY", &policy)]);
    let pull = |name: &str| {
        let name = registry.name(&format!("{name}:1"));
        let output = containerd
            .command(&["images", "pull", "--plain-http", "--all-platforms", "--snapshotter", "native", &name])
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (pulled, said) = pull("good");
    assert!(pulled, "{said}");
    for name in ["unsigned", "evil"] {
        let (pulled, said) = pull(name);
        assert!(!pulled && said.contains("blocked pull") && said.contains("nobody whom the policy believes"), "{said}");
    }
    let (pulled, said) = pull("other");
    assert!(!pulled && said.contains("no rule of the policy speaks about"), "{said}");
    fs::write(&policy, fs::read_to_string(&policy).unwrap() + "others: allowed\n").unwrap();
    assert!(pull("other").0, "what no rule speaks about may be used now");
    fs::remove_file(&policy).unwrap();
    let (pulled, said) = pull("good");
    assert!(!pulled && said.contains("could not be judged"), "{said}");
}
