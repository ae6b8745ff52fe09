//! YAML as Helm writes it: block style, two spaces, lists not indented, keys in alphabetical order.
//!
//! ```text
//! apiVersion: v1
//! entries:
//!   kube9-operator:
//!   - apiVersion: v2
//!     name: kube9-operator
//!     urls:
//!     - https://charts.kube9.io/kube9-operator-1.0.0.tgz
//!     version: 1.0.0
//! generated: "2026-11-23T12:00:00Z"
//! ```

pub(super) mod annotations;
mod convert;
mod indent;
pub(super) mod item;
mod read;
pub(super) mod salvage;
mod scan;
pub(super) mod splice;
mod top;
mod write;

pub(super) use indent::Indent;
pub(super) use read::read;
pub(super) use scan::scan;
pub(super) use write::{empty, write};
