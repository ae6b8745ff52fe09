//! The CDN as a client sees it: serves `charts/` and nothing else, and really caches.
//!
//! Behaves like CloudFront in front of S3's REST endpoint with origin path `/charts`, origin access control and the
//! managed policy CachingOptimized: query strings and cookies play no part, `Cache-Control` decides for how long.

mod cache;
mod server;

pub use self::cache::Edge;
pub(crate) use self::server::serve;
