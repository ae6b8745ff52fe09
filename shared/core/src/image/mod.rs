//! The images that a chart needs. No I/O: finding them ([`collect()`]) and their names
//! ([`Reference`]).

mod check;
mod collect;
mod platform;
mod reference;

pub use check::{ImageCheck, NoImageCheck};
pub use collect::{AnnotationError, Collected, collect};
pub use platform::Platform;
pub use reference::is_host;
pub use reference::{Reference, ReferenceError};
