//! Starts Cargo from a program that Cargo itself started, as if from a terminal.

use std::env;
use std::ffi::OsString;
use std::process::Command;

/// The variables that Cargo sets for the package whose program or test it runs, apart from
/// `CARGO_PKG_…` and `CARGO_BIN_EXE_…`.
const PACKAGE_VARIABLES: [&str; 8] = [
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "OUT_DIR",
];

/// The command for Cargo, without the variables that another Cargo has set for the package of this
/// program.
#[must_use]
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for name in package_variables() {
        command.env_remove(name);
    }
    command
}

/// The variables that Cargo has set for the package of this program, and that a Cargo started by
/// this program must not inherit.
///
/// Cargo runs a build script again when a variable that the script reads has changed, and the build
/// script of `ring` reads these. If they were inherited, ring and all crates above it would be
/// built again, and once more by the next Cargo at the terminal, where the variables are not set.
/// <https://doc.rust-lang.org/cargo/reference/environment-variables.html#environment-variables-cargo-sets-for-crates>
pub fn package_variables() -> impl Iterator<Item = OsString> {
    env::vars_os().map(|(name, _)| name).filter(|name| {
        let Some(name) = name.to_str() else { return false };
        PACKAGE_VARIABLES.contains(&name) || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_BIN_EXE_")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_inherits_variables_of_the_user_but_not_those_of_this_package() {
        let command = cargo();
        let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).collect();
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            assert!(env::var_os(name).is_some(), "cargo test sets {name}");
            assert!(removed.iter().any(|(removed, _)| *removed == name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "PATH"] {
            assert!(removed.iter().all(|(removed, _)| *removed != name), "{name}");
        }
    }
}
