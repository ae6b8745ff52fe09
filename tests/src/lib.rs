//! What the end-to-end tests share: chart archives made in memory, and the whole system on
//! loopback.
//!
//! Each file under `tests/promises/` is about one promise. `tests/conformance/` holds what needs
//! real tools, behind the feature `conformance`; `events/` the sample events for
//! `cargo lambda invoke`.

pub mod chaos;
pub mod chart_archive;
pub mod costs;
pub mod events;
pub mod faults;
pub mod http;
pub mod keys;
pub mod program;
pub mod races;
pub mod registry;
pub mod site;
pub mod suite;
pub mod system;
pub mod verdicts;

pub use chart_archive::ChartArchive;
pub use system::Chartdrop;
