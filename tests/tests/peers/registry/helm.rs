//! Helm, which keeps its charts in registries: a chart and its provenance, under a version.

use std::fs;

use super::server::Registry;
use super::tools::Tool;

const HELM: &str = "bin/helm";

/// A packed chart, with a provenance file beside it that Helm pushes along.
pub(super) fn chart(helm: &Tool) -> Vec<u8> {
    let folder = helm.home().join("thing");
    fs::create_dir_all(folder.join("templates")).unwrap();
    let about = "apiVersion: v2\nname: thing\nversion: 1.2.3+b\ndescription: A thing.\n";
    fs::write(folder.join("Chart.yaml"), about).unwrap();
    fs::write(folder.join("templates/map.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n").unwrap();
    helm.run(&["package", "thing"]);
    fs::write(helm.home().join("thing-1.2.3+b.tgz.prov"), "signed by somebody").unwrap();
    fs::read(helm.home().join("thing-1.2.3+b.tgz")).unwrap()
}

#[test]
#[ignore = "needs helm: tests/tools.sh builds it"]
fn helm_pushes_a_chart_and_pulls_the_same_bytes() {
    let Some(helm) = Tool::newer(HELM) else { return };
    let (registry, chart) = (Registry::start(), chart(&helm));
    let (reader, place) = (registry.reader(), format!("oci://{}", registry.name("team/charts")));
    helm.run(&["push", "--plain-http", "thing-1.2.3+b.tgz", &place]);
    assert_eq!(reader.tags("team/charts/thing"), ["1.2.3_b"]);
    let manifest = reader.json("team/charts/thing", "1.2.3_b");
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.cncf.helm.config.v1+json");
    let layers = manifest["layers"].as_array().unwrap().iter();
    let stored: Vec<_> =
        layers.map(|layer| reader.blob("team/charts/thing", layer["digest"].as_str().unwrap())).collect();
    assert!(stored.contains(&chart) && stored.contains(&b"signed by somebody".to_vec()));
    let name = format!("{place}/thing");
    fs::create_dir(helm.home().join("back")).unwrap();
    helm.run(&["pull", "--plain-http", "--version", "1.2.3+b", "--destination", "back", "--prov", &name]);
    assert!(fs::read(helm.home().join("back/thing-1.2.3+b.tgz")).unwrap() == chart);
    assert!(helm.run(&["show", "chart", "--plain-http", "--version", "1.2.3+b", &name]).contains("A thing."));
    assert!(helm.run(&["template", "--plain-http", &name]).contains("ConfigMap"), "the newest version is found");
}
