//! Rebuilds the crate when a file is added to a folder that it embeds, which the compiler alone would not see.

fn main() {
    println!("cargo::rerun-if-changed=.");
}
