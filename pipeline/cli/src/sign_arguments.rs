//! The command line of `sign`.

use clap::Args;

use crate::registry_arguments::Reach;

/// `bedplate sign`.
///
/// Signs with the release key or identity of the settings, as `up` does: a bundle, and with a key the classic form too. What the same signer said
/// before is not said again. Statements about what is in an image are made by `up` alone, which built it.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// Images: `REGISTRY/REPOSITORY[:TAG|@DIGEST]`, `oci:FOLDER[:TAG|@DIGEST]`, or a published image such as `python:3.13`. With an index, each
    /// manifest in it is signed too.
    #[arg(value_name = "REF", required = true)]
    pub images: Vec<String>,
    /// The name that people pull the image by, where it is signed in a mirror or a layout: the signature counts for that one only.
    #[arg(long, value_name = "HOST/REPOSITORY")]
    pub name: Option<String>,
    /// How registries are reached.
    #[command(flatten)]
    pub reach: Reach,
}
