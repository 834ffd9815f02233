//! Lists: tags, repositories, referrers.

use oci::{Descriptor, ImageIndex, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST};

use crate::fixture::{Registry, tag};

#[tokio::test]
async fn tags_come_in_pages_that_link_to_each_other() {
    let registry = Registry::start().await;
    let tags: Vec<_> = ["latest", "3", "A"].iter().map(|text| (tag(text), registry.index.clone())).collect();
    registry.store.tag_all(&registry.repository, &tags).unwrap();
    let whole = registry.get("/v2/team/python/tags/list").await;
    assert_eq!(whole.headers()["content-type"], "application/json");
    assert_eq!(whole.text().await.unwrap(), r#"{"name":"team/python","tags":["3","3.13","A","latest"]}"#);
    let (mut next, mut found) = ("/v2/team/python/tags/list?n=3".to_owned(), Vec::new());
    for _ in 0..2 {
        let response = registry.get(&next).await;
        next = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned()).unwrap_or_default();
        next = next.trim_start_matches('<').replace(">; rel=\"next\"", "");
        found.push(response.text().await.unwrap());
    }
    assert_eq!(found[0], r#"{"name":"team/python","tags":["3","3.13","A"]}"#);
    assert_eq!(found[1], r#"{"name":"team/python","tags":["latest"]}"#);
    assert_eq!(next, "", "no link on the last page");
    assert_eq!(registry.get("/v2/team/python/tags/list?n=many").await.status(), 400);
}

#[tokio::test]
async fn the_catalogue_lists_repositories_and_nothing_else_that_lies_there() {
    let registry = Registry::start().await;
    registry.store.put_bytes(&"cc".parse().unwrap(), b"x").unwrap();
    std::fs::create_dir(registry.folder.path().join("registry/lost+found")).unwrap();
    std::fs::create_dir(registry.folder.path().join("registry/empty")).unwrap();
    let text = registry.get("/v2/_catalog").await.text().await.unwrap();
    assert_eq!(text, r#"{"repositories":["cc","team/python"]}"#);
    let page = registry.get("/v2/_catalog?n=1").await;
    assert_eq!(page.headers()["link"], "</v2/_catalog?n=1&last=cc>; rel=\"next\"");
}

#[tokio::test]
async fn referrers_are_found_and_filtered() {
    let registry = Registry::start().await;
    let path = format!("/v2/team/python/referrers/{}", registry.index.digest);
    let inventory = registry.put_referrer(&registry.index, "application/spdx+json", "one");
    registry.put_referrer(&registry.index, "application/vnd.example", "two");
    registry.put_referrer(&registry.manifest, "application/spdx+json", "about another");
    let all = registry.get(&path).await;
    assert_eq!(all.headers()["content-type"], MEDIA_TYPE_INDEX);
    assert!(all.headers().get("oci-filters-applied").is_none());
    assert_eq!(ImageIndex::parse(&all.bytes().await.unwrap()).unwrap().manifests.len(), 2);
    let some = registry.get(&format!("{path}?artifactType=application%2Fspdx%2Bjson")).await;
    assert_eq!(some.headers()["oci-filters-applied"], "artifactType");
    let found = ImageIndex::parse(&some.bytes().await.unwrap()).unwrap().manifests;
    let expected = Descriptor { artifact_type: Some("application/spdx+json".to_owned()), ..inventory };
    assert_eq!(found, [expected.with_annotation("text", "one")]);
}

#[tokio::test]
async fn no_referrers_are_an_empty_index_never_404() {
    let registry = Registry::start().await;
    for name in ["team/python", "nobody/knows"] {
        let response = registry.get(&format!("/v2/{name}/referrers/{}", registry.index.digest)).await;
        assert_eq!(response.status(), 200);
        assert_eq!(ImageIndex::parse(&response.bytes().await.unwrap()).unwrap(), ImageIndex::new(Vec::new()));
    }
    assert_eq!(registry.get("/v2/team/python/referrers/sha256:x").await.status(), 400);
}

#[tokio::test]
async fn a_referrer_that_only_a_tagged_index_names_is_found_too() {
    let registry = Registry::start().await;
    let referrer = registry.put_referrer(&registry.index, "application/vnd.example", "one");
    let folder = registry.store.layout_path(&registry.repository);
    let mut index = oci::LayoutIndex::default();
    index.set(&tag("3.13"), &registry.index);
    let list = ImageIndex::new(vec![Descriptor::new(MEDIA_TYPE_MANIFEST, referrer.digest, referrer.size)]).to_bytes();
    let digest = registry.store.put_bytes(&registry.repository, &list).unwrap();
    let fallback = tag(&registry.index.digest.to_string().replace(':', "-"));
    index.set(&fallback, &Descriptor::new(MEDIA_TYPE_INDEX, digest, list.len() as u64));
    std::fs::write(folder.join("index.json"), index.to_bytes()).unwrap();
    let response = registry.get(&format!("/v2/team/python/referrers/{}", registry.index.digest)).await;
    assert_eq!(ImageIndex::parse(&response.bytes().await.unwrap()).unwrap().manifests.len(), 1);
}
