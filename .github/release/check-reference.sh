#!/usr/bin/env bash
# Item reference: the chart uses the image of this release, and no other tag of it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checklist.sh"

if [[ $(state digest) != "done" ]]; then
  leave reference "there is no chart to inspect"
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
    cross reference "the chart uses $reference, which does not exist"
    exit
  elif [[ $found != "$expected" ]]; then
    cross reference "the chart uses $reference, which is not the image of $TAG"
    exit
  fi
done
if [[ -z $asked ]]; then
  cross reference "the chart does not use the image $IMAGE"
else
  tick reference "the chart uses the image of $TAG ($asked)"
fi
