# Every script in this folder sources this file first. It changes to the root of the tree, and defines how tools are installed.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# Cargo's target folder, as an absolute path for programs with another working directory.
target=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")
export CARGO_TARGET_DIR=$target

# install_tools [NAME…]: installs tools (see .ci/tools), then exports and prints the variables with their paths.
install_tools() {
  local paths line
  paths=$(.ci/tools "$@")
  while IFS= read -r line; do
    export "${line?}"
    printf '%s\n' "$line"
  done <<<"$paths"
}
