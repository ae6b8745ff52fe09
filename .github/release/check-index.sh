#!/usr/bin/env bash
# Items chart and digest: the index at the edge lists the version, and the archive at its URL has the digest in the index. Helm
# itself never compares them. Leaves the archive in ARCHIVE.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checklist.sh"

export VERSION=${TAG#v}
entry=$(curl --fail --silent --show-error --location "$REPOSITORY_URL/index.yaml" |
  yq --output-format json --indent 0 '[.entries[strenv(NAME)][] | select(.version == strenv(VERSION))][0]') || entry=null
if [[ $entry == null ]]; then
  cross chart "$REPOSITORY_URL lists $NAME $VERSION"
  leave digest "there is no archive to compare"
  exit
fi
tick chart "$REPOSITORY_URL lists $NAME $VERSION"

url=$(jq -r '.urls[0]' <<<"$entry")
[[ $url == *://* ]] || url=$REPOSITORY_URL/$url
listed=$(jq -r .digest <<<"$entry")
if ! curl --fail --silent --show-error --location --output "$ARCHIVE" "$url"; then
  cross digest "$url can be downloaded"
elif found=$(sha256sum "$ARCHIVE" | cut -d ' ' -f 1) && [[ $found != "$listed" ]]; then
  cross digest "$url has the digest in the index: it is $found instead of $listed"
else
  tick digest "$url has the digest in the index ($listed)"
fi
