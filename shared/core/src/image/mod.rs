//! The images that a chart asks for. No I/O: which they are ([`collect()`]), and what they are
//! called ([`Reference`]).

mod check;
mod collect;
mod platform;
mod reference;

pub use check::{ImageCheck, NoImageCheck};
pub use collect::{AnnotationError, Collected, collect};
pub use platform::Platform;
pub use reference::is_host;
pub use reference::{Reference, ReferenceError};
