//! The bucket over HTTP, for any AWS SDK or CLI.
//!
//! `s3s` speaks the protocol (routing, signatures, `aws-chunked` bodies); [`Store`] is ours. Before
//! it, [`front`] reads `+` in a path as S3 does and logs what the functions ask for, and [`gate`]
//! asks IAM. Both inject faults.
//!
//! A request needs no signature (`curl -T chart.tgz …` is enough). A signature is verified with the
//! one secret access key ([`crate::identity`]), whatever the access key. The functions have access
//! keys of their own, and their requests are held against their policies ([`crate::aws::iam`]).

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
