//! One run of the program: the command line, the session and the output.

pub mod arguments;
pub mod cli;
mod printer;
mod report;
mod session;
mod story;
mod summary;
pub mod uploads;
