# What every script in this folder begins with, sourced: the working directory is the top of the tree, and tools can be
# installed and found.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# Where Cargo puts what it builds; absolute, for programs that work elsewhere.
target=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")
export CARGO_TARGET_DIR=$target

# install_tools [NAME…]: installs tools (see .ci/tools), exports the variables that name them, and prints these.
install_tools() {
  local paths line
  paths=$(.ci/tools "$@")
  while IFS= read -r line; do
    export "${line?}"
    printf '%s\n' "$line"
  done <<<"$paths"
}
