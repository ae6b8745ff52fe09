//! The edge as a client sees it: it serves only the folder that the distribution names, and it
//! caches.
//!
//! `template.yaml` decides what it does ([`template`]): [`distribution`] reads the cache policy,
//! the default root object, the methods and the error caching, [`headers`] reads the response
//! headers policy, and [`function`] runs the CloudFront function. [`cache`] keeps objects as the
//! policy says, [`server`] serves HTTP, and [`range`] reads requests for a part of an object.

mod cache;
mod distribution;
mod function;
mod headers;
mod range;
mod server;
mod template;

pub use self::cache::Edge;
pub(crate) use self::distribution::Distribution;
pub use self::function::{Answer, Function, FunctionError, Viewer};
pub(crate) use self::server::serve;
pub use self::template::DistributionError;
pub(crate) use self::template::EdgeTemplate;
