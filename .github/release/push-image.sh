#!/usr/bin/env bash
# Joins the OCI layouts images/PLATFORM into one multi-platform image and pushes it to IMAGE by its digest, under no
# tag yet. Outputs: digest, and digest-PLATFORM of each.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/annotate.sh"

joined=$(mktemp -d)
manifests=()
for layout in images/*; do
  platform=${layout#images/}
  cp -R "$layout/blobs" "$layout/oci-layout" "$joined/"
  descriptor=$(jq -c '.manifests[0] | {mediaType, size, digest}' "$layout/index.json")
  digest=$(jq -r .digest <<<"$descriptor")
  config=$(jq -r .config.digest "$layout/blobs/${digest/://}")
  # The platform that the image itself names: a FROM with a fixed --platform builds the wrong one without a word.
  built=$(jq -c '{architecture, os} + (if .variant then {variant} else {} end)' "$layout/blobs/${config/://}")
  if [[ $(jq -r '.os + "/" + .architecture' <<<"$built") != "linux/$platform" ]]; then
    fail "file=$DOCKERFILE,line=1" "the image for linux/$platform was built for $built. Check whether a FROM line names another --platform"
  fi
  manifests+=("$(jq -c --argjson platform "$built" '. + {$platform}' <<<"$descriptor")")
  printf 'digest-%s=%s\n' "$platform" "$digest" >> "$GITHUB_OUTPUT"
done

# GHCR shows the index's annotations, not the labels of the images in it.
printf '%s\n' "${manifests[@]}" | jq -cs --arg labels "$LABELS" '{
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.index.v1+json",
  manifests: .,
  annotations: ($labels | split("\n") | map(select(. != "") | capture("^(?<key>[^=]+)=(?<value>.*)$")) | from_entries)
}' | tr -d '\n' > "$joined/index.json"
digest=sha256:$(sha256sum "$joined/index.json" | cut -d ' ' -f 1)
if ! crane push --index "$joined" "$IMAGE@$digest"; then
  fail '' "the push to $IMAGE failed; see the log. GHCR accepts this job's token (packages: write); any other registry needs the variable CHARTDROP_REGISTRY_USERNAME and the secret CHARTDROP_REGISTRY_PASSWORD, see docs/release.md"
fi
printf 'digest=%s\n' "$digest" >> "$GITHUB_OUTPUT"
