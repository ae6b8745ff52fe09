//! Helpers for the end-to-end tests: chart archives that are built in memory, and the whole system
//! on loopback.
//!
//! Each file under `tests/promises/` tests one promise. `tests/conformance/` tests against real
//! tools, with the feature `conformance`. `events/` has sample events for `cargo lambda invoke`.

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
