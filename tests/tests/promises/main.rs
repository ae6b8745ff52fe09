//! Tests Chartdrop's promises end to end, with both functions as processes, the AWS SDK, and S3 and
//! the edge on loopback.
//!
//! All of them are in one binary, so that the SDK is linked only once. `cargo test --test promises
//! races::` runs the tests of one module.

// An uploaded chart becomes visible.
mod images;
mod indexes;
mod latency;
mod mirror;
mod objects;
mod order;
mod places;
mod provenance;
mod publishing;
mod triggers;
mod versions;

// Every upload gets an outcome, and bad uploads do no harm.
mod bounds;
mod hostile_text;
mod outcomes;
mod receipts;
mod rejections;
mod sweeps;

// Nothing is lost, even when requests and processes fail.
mod bursts;
mod chaos;
mod crashes;
mod races;
mod recovery;
mod suite;

// A published version never changes, and damage is found and repaired.
mod damage;
mod edge;
mod immutability;
mod lost_index;
mod tampering;
mod unpublish;
mod verify_all;

// What operators and developers see and set.
mod command_line;
mod costs;
mod logs;
mod permissions;
mod settings;
mod stricter_than_helm;
mod template;
