#!/usr/bin/env bash
# The image in the run's summary: how to pull it, its digest, and its size on each platform beside that of the releases
# before. Leaves the sizes in image-size.json too. IMAGE, TAGS, DIGEST and PREVIOUS come from the workflow.
set -euo pipefail

# sizes :TAG or @DIGEST: PLATFORM BYTES for each, as it is downloaded; nothing where there is no such image.
sizes() {
  local index platform child
  index=$(crane manifest "$IMAGE$1" 2>/dev/null) || return 0
  jq -r '.manifests // [] | .[] | select(.platform.os == "linux") | "\(.platform.architecture) \(.digest)"' <<<"$index" |
    while read -r platform child; do
      printf '%s %s\n' "$platform" "$(crane manifest "$IMAGE@$child" | jq '[.config, .layers[]] | map(.size) | add')"
    done
}

{
  printf '## Image %s\n\n~~~sh\ndocker pull %s:%s\n~~~\n\n' "$TAG" "$IMAGE" "${TAG#v}"
  printf 'Digest %s, tags %s\n\n| release | platform | MiB to download |\n| --- | --- | ---: |\n' "$DIGEST" "${TAGS// /, }"
  for release in $PREVIOUS "$TAG"; do
    sizes ":$release" | while read -r platform bytes; do
      printf '| %s | linux/%s | %s |\n' "$release" "$platform" "$(jq -n "$bytes / 1048576 * 10 | round / 10")"
    done
  done
} >> "$GITHUB_STEP_SUMMARY"

sizes "@$DIGEST" | jq -Rn --arg release "$TAG" --arg digest "$DIGEST" \
  '{$release, $digest, bytes: ([inputs | split(" ") | {("linux/" + .[0]): (.[1] | tonumber)}] | add)}' > image-size.json
