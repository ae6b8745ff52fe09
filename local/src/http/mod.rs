//! The little HTTP that the stand-ins and the tests share.

pub mod client;
pub mod server;
