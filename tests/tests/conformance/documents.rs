//! Every kind of content that the suite knows is pushed, listed, pulled and deleted.

use registry::Blobs;

use crate::content_sets::{Set, Style};
use crate::round_trip::{are_deleted, goes_round, goes_round_on, is_listed, is_pulled, is_pushed};
use crate::server::Registry;
use crate::sets::{self, BOTH, KIND};

#[tokio::test]
async fn an_image() {
    goes_round(&sets::image()).await;
}

#[tokio::test]
async fn an_image_whose_layers_are_not_compressed() {
    goes_round(&sets::uncompressed()).await;
}

#[tokio::test]
async fn an_image_with_a_manifest_of_almost_four_mebibytes() {
    goes_round(&sets::large_manifest()).await;
}

#[tokio::test]
async fn an_index() {
    goes_round(&sets::index()).await;
}

#[tokio::test]
async fn an_index_of_indexes() {
    goes_round(&sets::nested_index()).await;
}

#[tokio::test]
async fn an_index_of_nothing() {
    goes_round(&Set::of_index(&Style::image().tagged("index"), &[])).await;
}

#[tokio::test]
async fn an_artifact() {
    goes_round(&Set::of_image(&Style::artifact(KIND).tagged("artifact"))).await;
}

#[tokio::test]
async fn an_index_of_artifacts() {
    goes_round(&Set::of_index(&Style::artifact(KIND).tagged("artifact-index"), &BOTH)).await;
}

#[tokio::test]
async fn an_artifact_without_layers() {
    goes_round(&sets::artifact_without_layers()).await;
}

#[tokio::test]
async fn artifacts_that_speak_about_an_image() {
    goes_round(&sets::artifacts_with_subject()).await;
}

#[tokio::test]
async fn indexes_that_speak_about_an_index() {
    goes_round(&sets::index_with_subject()).await;
}

#[tokio::test]
async fn an_artifact_that_speaks_about_what_is_not_there() {
    goes_round(&sets::missing_subject()).await;
}

#[tokio::test]
async fn descriptors_that_carry_the_bytes() {
    goes_round(&sets::data_field()).await;
}

#[tokio::test]
async fn layers_that_are_kept_elsewhere() {
    goes_round(&sets::non_distributable_layers()).await;
}

#[tokio::test]
async fn fields_that_no_specification_knows() {
    goes_round(&sets::custom_fields()).await;
}

#[tokio::test]
async fn an_image_without_layers() {
    goes_round(&Set::of_image(&Style { layers: 0, ..Style::image() }.tagged("no-layers"))).await;
}

#[tokio::test]
async fn an_index_that_names_an_image_which_is_not_there() {
    goes_round(&sets::sparse_index()).await;
}

#[tokio::test]
async fn an_image_with_a_layer_that_is_not_there_where_that_is_wanted() {
    goes_round_on(&Registry::start_with(Blobs::Optional).await, &sets::sparse_image()).await;
}

#[tokio::test]
async fn everything_named_by_sha512() {
    goes_round(&Set::of_index(&sets::sha512(), &BOTH)).await;
}

#[tokio::test]
async fn tags_given_as_parameters() {
    goes_round(&sets::tags_by_parameter("tag-param-sha256", Style::image())).await;
}

#[tokio::test]
async fn tags_given_as_parameters_of_what_is_named_by_sha512() {
    goes_round(&sets::tags_by_parameter("tag-param-sha512", sets::sha512())).await;
}

#[tokio::test]
async fn layers_of_a_type_that_nobody_knows() {
    goes_round(&sets::unknown_layer_type()).await;
}

#[tokio::test]
async fn all_of_them_side_by_side_in_one_repository() {
    let registry = Registry::start().await;
    let all: Vec<_> = sets::all().into_iter().map(|(_, set)| set).collect();
    for set in &all {
        is_pushed(&registry, set).await;
    }
    // Later sets took the tags that earlier ones have too.
    for (number, set) in all.iter().enumerate() {
        let mut set = set.clone();
        set.tags.retain(|(tag, _)| !all[number + 1..].iter().any(|later| later.tags.iter().any(|(one, _)| one == tag)));
        is_listed(&registry, &set).await;
        is_pulled(&registry, &set).await;
    }
    are_deleted(&registry, &all).await;
}
