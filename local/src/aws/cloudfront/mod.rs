//! CloudFront's invalidations: the API over HTTP, and the rules behind it.

mod api;
mod invalidations;
mod xml;

pub(crate) use self::api::{Api, Cut, PREFIX as API_PREFIX};
pub use self::invalidations::{CreateError, Invalidation, Invalidations};
