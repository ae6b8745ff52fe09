//! S3: the bucket over HTTP, for any AWS SDK or CLI.
//!
//! `s3s` implements the protocol (routing, signatures, `aws-chunked` bodies) on top of [`Store`],
//! the bucket of this crate. A request first passes [`front`], which reads `+` in a path as S3 does
//! and logs the functions' requests, then [`gate`], which checks permissions. Both inject faults.
//!
//! Requests need no signature: `curl -T chart.tgz …` works. If there is one, it is verified with
//! the same secret access key for every access key ([`crate::identity`]). The functions have their
//! own access keys, and their requests are checked against their policies ([`crate::aws::iam`]).

mod checksums;
mod conditions;
mod damage;
mod disk;
mod front;
mod gate;
mod listing;
mod md5;
mod multipart;
pub(crate) mod notifications;
mod object;
mod operations;
mod pass;
mod request_log;
mod service;
mod storage;
pub(crate) mod store;

pub use self::checksums::{Algorithm, Checksums};
pub(crate) use self::disk::Disk;
pub(crate) use self::front::Front;
pub use self::object::{Headers, Object};
pub use self::request_log::{LoggedRequest, RequestLog};
pub use self::storage::{Encryption, Storage};
pub use self::store::Store;
