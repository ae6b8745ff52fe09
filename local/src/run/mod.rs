//! One run of the program: its command line, its session, and what it prints.

pub mod arguments;
pub mod cli;
mod printer;
mod report;
mod session;
mod story;
mod summary;
pub mod uploads;
