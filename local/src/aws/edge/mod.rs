//! The edge as a client sees it: serves the folder that the distribution names, and nothing else,
//! and really caches.
//!
//! What it does stands in `template.yaml` alone ([`template`]): [`distribution`] reads the cache
//! policy, the default root object, the methods and the error caching, [`headers`] the response
//! headers policy, and [`function`] executes the text of the CloudFront function. [`cache`] keeps
//! objects as the policy says, [`server`] speaks HTTP, [`range`] knows parts of objects.

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
