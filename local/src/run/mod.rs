//! One run of the program: its command line, its session, and what it prints.

pub mod cli;
mod report;
mod session;
mod story;
