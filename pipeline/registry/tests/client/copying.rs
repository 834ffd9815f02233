//! Copies: what arrives, in which order, what is not sent, and what an interruption leaves.

mod between;
mod gallery;
mod interrupted;
mod layouts;
mod odd;
