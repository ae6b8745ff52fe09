#!/usr/bin/env bash
# Item reference: the chart asks for the image of this very release, and for no other tag of it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checklist.sh"

if [[ $(state digest) != "done" ]]; then
  leave reference "there is no chart to look into"
  exit
fi
if ! manifests=$(helm template release "$ARCHIVE"); then
  cross reference "the chart can be rendered"
  exit
fi
asked=$(yq --no-doc '.. | select(has("image")) | .image | select(tag == "!!str")' <<<"$manifests" | grep -E "^${IMAGE//./\\.}[:@]" | sort -u | paste -sd ' ' || true)
expected=$(crane digest "$IMAGE:$TAG" || true)
for reference in $asked; do
  found=$(crane digest "$reference" || true)
  if [[ -z $found ]]; then
    cross reference "the chart asks for $reference, which is not there"
    exit
  elif [[ $found != "$expected" ]]; then
    cross reference "the chart asks for $reference, which is not the image of $TAG"
    exit
  fi
done
if [[ -z $asked ]]; then
  cross reference "the chart asks for no image $IMAGE at all"
else
  tick reference "the chart asks for the image of $TAG ($asked)"
fi
