//! How nginx serves a site with the right type for each manifest, without being told of a new one.
//!
//! In: the media types that occur. Out: a configuration to be included in a `server` block. A manifest's type is the ending of its file's
//! name in a second tree beside `v2/`, because nginx knows types by endings, and names such as `3.13` have none of their own. So the
//! type comes and goes with the file, and nginx need not be reloaded after an export.
//! Reference: <https://nginx.org/en/docs/http/ngx_http_core_module.html#types>.

use std::borrow::Cow;
use std::collections::BTreeSet;

use blob::Digest;
use oci::{MEDIA_TYPE_DOCKER_INDEX, MEDIA_TYPE_DOCKER_MANIFEST, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST};

use crate::server::{CACHE_DIGEST, CACHE_TAG};

/// The folder of the second tree.
pub(crate) const FOLDER: &str = "nginx";
/// How the configuration begins.
pub(crate) const FIRST_LINE: &str = "# A registry as files, written by `bedplate site export`.";

/// The types that clients ask for, whether or not one of them occurs, so that the configuration seldom changes.
const USUAL: [&str; 4] = [MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST, MEDIA_TYPE_DOCKER_INDEX, MEDIA_TYPE_DOCKER_MANIFEST];

/// Where nginx finds a manifest that is served under `path`.
pub(crate) fn typed_path(path: &str, media_type: &str) -> String {
    format!("{FOLDER}/{path}.{}", ending(media_type))
}

/// What stands behind the last dot of a file's name for this type.
fn ending(media_type: &str) -> Cow<'static, str> {
    match media_type {
        MEDIA_TYPE_INDEX => "oci-index".into(),
        MEDIA_TYPE_MANIFEST => "oci-manifest".into(),
        MEDIA_TYPE_DOCKER_INDEX => "docker-list".into(),
        MEDIA_TYPE_DOCKER_MANIFEST => "docker-manifest".into(),
        other => format!("other-{}", Digest::of(other).short()).into(),
    }
}

/// The configuration for these types and the usual ones.
pub(crate) fn configuration(types: &BTreeSet<&str>) -> String {
    let types: BTreeSet<&str> = types.iter().copied().chain(USUAL).filter(|one| is_quotable(one)).collect();
    let lines: String = types.iter().map(|one| format!("            \"{one}\" {};\n", ending(one))).collect();
    let places: String = types.iter().map(|one| format!(" /{FOLDER}$uri.{}", ending(one))).collect();
    TEMPLATE
        .replace("FIRST_LINE", FIRST_LINE)
        .replace("CACHE_DIGEST", CACHE_DIGEST)
        .replace("CACHE_TAG", CACHE_TAG)
        .replace("            TYPES\n", &lines)
        .replace(" PLACES", &places)
        .replace("INDEX_TYPE", MEDIA_TYPE_INDEX)
}

/// A media type has none of the characters that end a word for nginx; a text that does is none.
fn is_quotable(media_type: &str) -> bool {
    !media_type.is_empty()
        && media_type.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.+-_!#&^".contains(&byte))
}

const TEMPLATE: &str = r#"FIRST_LINE
# Include it in a `server` block whose `root` is the folder that this file is in:
#
#     server {
#         listen 443 ssl;
#         server_name images.example;
#         ssl_certificate /etc/ssl/images.pem;
#         ssl_certificate_key /etc/ssl/images.key;
#         root /srv/images;
#         include /srv/images/nginx.conf;
#     }
#
# It names no image, so nginx need not be reloaded after an export, unless this file has changed.

location = /v2 {
    rewrite ^ /v2/ last;
}
location = /v2/ {
    types { }
    default_type application/json;
    add_header Docker-Distribution-API-Version registry/2.0;
    try_files /v2/index.json =404;
}
location /v2/ {
    types { }
    default_type application/json;
    gzip off;
    etag off;
    if_modified_since off;
    add_header Docker-Distribution-API-Version registry/2.0;
    error_page 404 @absent;

    location ~ ^/v2/.+/blobs/(?<content_digest>sha(?:256|512):[0-9a-f]+)$ {
        default_type application/octet-stream;
        etag on;
        if_modified_since exact;
        add_header Docker-Distribution-API-Version registry/2.0;
        add_header Docker-Content-Digest $content_digest;
        add_header Cache-Control "CACHE_DIGEST";
    }
    location ~ ^/v2/.+/manifests/(?<content_digest>sha(?:256|512):[0-9a-f]+)$ {
        types {
            TYPES
        }
        add_header Docker-Distribution-API-Version registry/2.0;
        add_header Docker-Content-Digest $content_digest;
        add_header Cache-Control "CACHE_DIGEST";
        try_files PLACES =404;
    }
    location ~ ^/v2/.+/manifests/[^/]+$ {
        types {
            TYPES
        }
        add_header Docker-Distribution-API-Version registry/2.0;
        add_header Cache-Control "CACHE_TAG";
        try_files PLACES =404;
    }
    location ~ ^/v2/.+/referrers/[^/]+$ {
        default_type INDEX_TYPE;
        add_header Docker-Distribution-API-Version registry/2.0;
        add_header Cache-Control "CACHE_TAG";
    }
}
location /keys/ {
    index index.html;
    types {
        text/html html;
        text/css css;
        application/json json;
        application/yaml yaml;
    }
    default_type application/x-pem-file;
    add_header Cache-Control "CACHE_TAG";
}
location @absent {
    types { }
    default_type application/json;
    return 404 '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"this registry does not have what was asked for"}]}';
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_nobody_knows_has_an_ending_of_its_own_and_no_other_text_gets_in() {
        let text = configuration(&["application/vnd.x.y+json", "evil\"; } x {"].into());
        let ending = ending("application/vnd.x.y+json");
        assert_eq!(text.matches(&format!("\"application/vnd.x.y+json\" {ending};")).count(), 2, "{text}");
        assert!(text.contains(&format!("/nginx$uri.{ending}")) && !text.contains("evil"), "{text}");
        assert!(
            text.contains("\"application/vnd.oci.image.index.v1+json\" oci-index;"),
            "the usual ones are always there"
        );
        assert_eq!(typed_path("v2/x/manifests/3.13", MEDIA_TYPE_INDEX), "nginx/v2/x/manifests/3.13.oci-index");
    }

    #[test]
    fn nothing_is_left_to_be_filled_in_and_braces_match() {
        let text = configuration(&BTreeSet::new());
        assert!(text.starts_with(FIRST_LINE));
        let is_name = |word: &str| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        let words: Vec<&str> = text.split([' ', '"', '\n', ';', ':']).filter(|word| is_name(word)).collect();
        assert_eq!(words, ["MANIFEST_UNKNOWN"]);
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }
}
