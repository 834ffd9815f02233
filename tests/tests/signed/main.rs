//! What is said about published images: said once, by the right keys, before anybody sees a tag; also when the factory is killed, when
//! keys or names change, and when others sign too.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

mod killed;
mod machine;
mod repeated;
mod seen;
