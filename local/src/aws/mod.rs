//! The stand-ins for AWS, one module for each service.

pub(crate) mod caller;
pub mod cloudfront;
pub mod edge;
pub(crate) mod endpoint;
pub mod iam;
pub mod lambda;
pub(crate) mod request_id;
pub mod s3;
pub mod secrets;
