//! What Debian's own tools say of our images: its certificate generator, its loader for another processor, its older release.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use plan::Publication;

use tests::binary;

use crate::harness::{Factory, run};

/// The bundle in `static` is byte for byte what `update-ca-certificates` of the very same package writes.
pub(crate) fn the_bundle_is_the_one_of_debians_generator(factory: &Factory) {
    let root = unpack(factory, "static", "linux/amd64");
    let publication = &factory.publications()["static"];
    let package = package(factory, publication, "ca-certificates");
    let debian = factory.folder().join("ca-certificates");
    run("dpkg-deb", &["--extract", &text(&package), &text(&debian)]);
    let (etc, list) = (debian.join("etc-certs"), debian.join("ca-certificates.conf"));
    fs::create_dir_all(&etc).unwrap();
    let names = run("find", &[&text(&debian.join("usr/share/ca-certificates")), "-name", "*.crt", "-printf", "%P\n"]);
    let mut names: Vec<&str> = names.lines().collect();
    names.sort_unstable();
    fs::write(&list, names.join("\n") + "\n").unwrap();
    let output = Command::new(debian.join("usr/sbin/update-ca-certificates"))
        .arg("--certsconf")
        .arg(&list)
        .arg("--certsdir")
        .arg(debian.join("usr/share/ca-certificates"))
        .arg("--localcertsdir")
        .arg(debian.join("none"))
        .arg("--hooksdir")
        .arg(debian.join("none"))
        .arg("--etccertsdir")
        .arg(&etc)
        .output()
        .unwrap();
    let theirs = fs::read(etc.join("ca-certificates.crt")).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let ours = fs::read(root.join("etc/ssl/certs/ca-certificates.crt")).unwrap();
    assert!(ours == theirs, "our bundle has {} bytes, Debian's {}", ours.len(), theirs.len());
}

/// The arm64 image starts, with the loader and libraries that are in it.
pub(crate) fn the_arm64_image_starts_under_qemu(factory: &Factory) {
    let root = unpack(factory, "python", "linux/arm64");
    let program = "import ssl, sqlite3, platform; print(platform.machine(), ssl.OPENSSL_VERSION)";
    let python = text(&root.join("usr/bin/python3.13"));
    let said = run("qemu-aarch64-static", &["-L", &text(&root), &python, "-c", program]);
    assert!(said.starts_with("aarch64 OpenSSL 3"), "{said}");
}

/// One word in three definitions, and they are of Debian 12.
pub(crate) fn one_word_makes_it_bookworm(factory: &Factory) {
    let folder = factory.folder().join("bookworm");
    for (path, text) in catalog::files() {
        let target = folder.join("catalog").join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, text.replace("\nrelease: trixie\n", "\nrelease: bookworm\n")).unwrap();
    }
    let settings = folder.join("settings.yaml");
    fs::write(&settings, format!("catalog: {}/catalog\n{}", folder.display(), tests::NO_FEEDS)).unwrap();
    let mut command = Command::new(binary());
    command.args(["up", "--once", "--progress", "none", "--platform", "linux/amd64", "--format", "md"]);
    for image in ["static", "base", "cc", "python", "java"] {
        command.args(["--image", image]);
    }
    let output = command.arg("--config").arg(&settings).arg("--state").arg(folder.join("state")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("5 published") && said.contains("3.11") && said.contains("| java | 17"), "{said}");
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn package(factory: &Factory, publication: &Publication, name: &str) -> PathBuf {
    let platform = publication.lock.platforms.values().next().unwrap();
    factory.folder().join("state/debs/sha256").join(platform.package(name).unwrap().sha256.hex())
}

/// The whole tree of an image, laid out by tar.
fn unpack(factory: &Factory, image: &str, platform: &str) -> PathBuf {
    let publication = &factory.publications()[image];
    let layout = factory.folder().join("state/registry").join(&publication.repository);
    let blob = |digest: &blob::Digest| layout.join(oci::blob_path(digest));
    let manifest = fs::read(blob(&publication.platforms[platform].manifest)).unwrap();
    let root = factory.folder().join(format!("root-{image}"));
    fs::create_dir_all(&root).unwrap();
    for layer in oci::ImageManifest::parse(&manifest).unwrap().layers {
        run("tar", &["-xzf", &text(&blob(&layer.digest)), "-C", &text(&root)]);
    }
    root
}
