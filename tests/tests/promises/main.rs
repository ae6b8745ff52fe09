//! What Chartdrop promises, end to end: both functions as processes, the AWS SDK, S3 and the edge
//! on loopback.
//!
//! One binary, so that the SDK is linked once. `cargo test --test promises races::` runs the tests
//! of one module.

// A chart that is dropped becomes visible.
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

// Every upload has an outcome, and bad ones harm nobody.
mod bounds;
mod hostile_text;
mod outcomes;
mod receipts;
mod refusals;
mod sweeps;

// Nothing is lost, whatever goes wrong.
mod bursts;
mod chaos;
mod crashes;
mod races;
mod recovery;
mod suite;

// What is published stays what it is, and what is damaged is found and repaired.
mod damage;
mod edge;
mod immutability;
mod lost_index;
mod tampering;
mod unpublish;
mod verify_all;

// What operators and developers see.
mod command_line;
mod costs;
mod logs;
mod permissions;
mod settings;
mod stricter_than_helm;
mod template;
