//! Rebuilds the crate when a file is added to a folder that it embeds, which the compiler alone would not see.

fn main() {
    for folder in ["definitions", "smoke", "variants"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
