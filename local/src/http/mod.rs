//! A small HTTP client and server, which the stand-ins and the tests share.

pub mod client;
pub mod server;
