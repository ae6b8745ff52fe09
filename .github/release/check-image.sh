#!/usr/bin/env bash
# Items image and platforms: IMAGE can be pulled under each of TAGS, for both platforms.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checklist.sh"

if ! digest=$(crane digest "$IMAGE:$TAG"); then
  cross image "$IMAGE:$TAG can be pulled"
  leave platforms "there is no image to inspect"
  exit
fi
elsewhere=
for name in $TAGS; do
  [[ $(crane digest "$IMAGE:$name" || true) == "$digest" ]] || elsewhere+=" $name"
done
if [[ -z $elsewhere ]]; then
  tick image "$IMAGE can be pulled as ${TAGS// /, } ($digest)"
else
  cross tags "$IMAGE:$TAG can be pulled, but these tags are missing or belong to another image:$elsewhere"
  tick image "$IMAGE:$TAG can be pulled ($digest)"
fi

platforms=$(crane manifest "$IMAGE@$digest" | jq -r '.manifests[]? | .platform.os + "/" + .platform.architecture')
missing=$(comm -23 <(printf '%s\n' linux/amd64 linux/arm64) <(sort <<<"$platforms") | paste -sd ' ')
if [[ -z $missing ]]; then
  tick platforms "it exists for linux/amd64 and linux/arm64"
else
  cross platforms "it is missing for $missing"
fi
