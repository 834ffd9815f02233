//! Lists in pages: all of them, from the same host, and never without end.

use crate::fixture::{Registry, answer, name, put_image, tag};

#[tokio::test]
async fn all_pages_come_and_each_tag_once() {
    let registry = Registry::before(|seen| {
        let next = match seen.query.as_str() {
            "n=1000" => "</v2/a/tags/list?last=b>; rel=\"next\"".to_owned(),
            "last=b" => format!("<http://{}/v2/a/tags/list?last=c>; rel=\"next\"", seen.header("host").unwrap()),
            _ => String::new(),
        };
        let body = match seen.query.as_str() {
            "n=1000" => r#"{"tags":["a","b"]}"#,
            "last=b" => r#"{"tags":["b","c","../no tag"]}"#,
            _ => r#"{"tags":null}"#,
        };
        let links: Vec<_> = Some(("link", next.as_str())).filter(|(_, link)| !link.is_empty()).into_iter().collect();
        Some(answer(200, &links, body))
    })
    .await;
    assert_eq!(registry.remote("a").tags().await.unwrap(), ["a", "b", "c"].map(tag));
    assert_eq!(registry.count("GET", ""), 3);
}

#[tokio::test]
async fn our_own_pages_come_too() {
    let registry = Registry::start().await;
    let (index, _) = put_image(&registry.store, &name("a"), "layer");
    let tags: Vec<_> = (0..2500).map(|number| (tag(&format!("{number:04}")), index.clone())).collect();
    registry.store.tag_all(&name("a"), &tags).unwrap();
    assert_eq!(registry.remote("a").tags().await.unwrap().len(), 2500);
    assert_eq!(registry.count("GET", "/tags/list"), 3);
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    let registry = Registry::before(|seen| {
        let link = format!("</v2/a/tags/list?last={}>; rel=next", seen.nth);
        Some(answer(200, &[("link", &link)], r#"{"tags":["a"]}"#))
    })
    .await;
    let error = registry.remote("a").tags().await.unwrap_err().to_string();
    assert!(error.contains("gave more than 1000 pages: expected a list that ends"), "{error}");
    let circle = Registry::before(|_| Some(answer(200, &[("link", "</v2/a/tags/list?n=1000>; rel=next")], "{}"))).await;
    let error = circle.remote("a").tags().await.unwrap_err().to_string();
    assert!(error.contains("gave a page as the next one that was there before"), "{error}");
    assert_eq!(circle.count("GET", ""), 1);
}

#[tokio::test]
async fn the_next_page_of_another_host_is_not_asked_for() {
    let registry = Registry::before(|_| {
        Some(answer(200, &[("link", "<http://127.0.0.2:1/v2/a/tags/list>; rel=next")], r#"{"tags":["a"]}"#))
    })
    .await;
    let error = registry.remote("a").tags().await.unwrap_err().to_string();
    assert!(error.contains("the next page of a list must be on the same host"), "{error}");
}

#[tokio::test]
async fn a_list_that_is_none_is_told() {
    let registry = Registry::before(|_| Some(answer(200, &[], "<html>"))).await;
    let error = registry.remote("a").tags().await.unwrap_err().to_string();
    assert!(error.contains("answered something that cannot be read: expected JSON with `tags`"), "{error}");
}
