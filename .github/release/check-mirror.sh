#!/usr/bin/env bash
# Item mirror: this HELM gets the same archive from the registry MIRROR, where the publisher has 10 minutes to push it (at most
# WAIT seconds): it does so after everything else, and each sweep tries again.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checklist.sh"

home=$(mktemp -d)
export HELM_CONFIG_HOME=$home/config HELM_CACHE_HOME=$home/cache HELM_DATA_HOME=$home/data
chart=$MIRROR/${FOLDER:+$FOLDER/}$NAME
options=()
[[ $MIRROR != oci://127.0.0.1:* ]] || options=(--plain-http)

if [[ $(state digest) != "done" ]]; then
  leave mirror "there is no chart to compare with $chart"
  exit
fi
until=$((SECONDS + (WAIT < 600 ? WAIT : 600)))
until "$HELM" pull "$chart" --version "${TAG#v}" --destination "$home" "${options[@]}"; do
  if ((SECONDS >= until)); then
    cross mirror "helm pull $chart --version ${TAG#v} works"
    exit
  fi
  sleep 10
done
if ! cmp "$home/$NAME-${TAG#v}.tgz" "$ARCHIVE"; then
  cross mirror "$chart has the archive in the index"
else
  tick mirror "helm pull $chart --version ${TAG#v} gets the archive in the index"
fi
