#!/usr/bin/env bash
# Items helm3 and helm4: the commands of a user work with this HELM, from an empty configuration.
#
#   check-client.sh ITEM
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checklist.sh"

home=$(mktemp -d)
export HELM_CONFIG_HOME=$home/config HELM_CACHE_HOME=$home/cache HELM_DATA_HOME=$home/data
version=$("$HELM" version --short)

if [[ $(state chart) != "done" ]]; then
  leave "$1" "there is no chart for Helm $version to pull"
elif ! "$HELM" repo add release "$REPOSITORY_URL"; then
  cross "$1" "helm repo add works with $version"
elif ! "$HELM" repo update; then
  cross "$1" "helm repo update works with $version"
elif ! "$HELM" search repo "release/$NAME" --versions --devel --output json |
  jq --exit-status --arg version "${TAG#v}" 'any(.[]; .version == $version)' >/dev/null; then
  cross "$1" "helm search repo finds $NAME ${TAG#v} with $version"
elif ! "$HELM" pull "release/$NAME" --version "${TAG#v}" --destination "$home"; then
  cross "$1" "helm pull works with $version"
elif ! cmp "$home/$NAME-${TAG#v}.tgz" "$ARCHIVE"; then
  cross "$1" "helm pull gets the archive in the index with $version"
else
  tick "$1" "helm repo add, update, search and pull work with $version"
fi
