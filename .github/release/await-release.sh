#!/usr/bin/env bash
# Waits until the image of TAG is there under all of TAGS and the index lists chart NAME, at most WAIT seconds, and no longer
# than the workflows that make them may still succeed. IMAGE_RESULT and CHART_RESULT are their results where the caller knows
# them; otherwise GITHUB_TOKEN is used to look at the runs that the same release started.
set -euo pipefail

# All of the tags, which are set one after the other.
image_is_there() {
  local digest name
  digest=$(crane digest "${IMAGE}:$TAG" 2>/dev/null) || return 1
  for name in $TAGS; do
    [[ $(crane digest "$IMAGE:$name" 2>/dev/null) == "$digest" ]] || return 1
  done
}

chart_is_there() {
  curl --fail --silent --location "$REPOSITORY_URL/index.yaml" |
    yq --exit-status '.entries[strenv(NAME)][] | select(.version == strenv(VERSION)) | .version' >/dev/null 2>&1
}

# has_failed WORKFLOW RESULT: whether there is nothing to wait for.
has_failed() {
  local result=$2
  if [[ -z $result ]]; then
    result=$(curl --fail --silent --header "Authorization: Bearer $GITHUB_TOKEN" \
      "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/actions/workflows/$1/runs?event=release&head_sha=$REVISION&per_page=1" |
      jq -r '.workflow_runs[0].conclusion // ""') || return 1
  fi
  [[ -n $result && $result != success ]]
}

image_has_failed() { has_failed release-image.yml "$IMAGE_RESULT"; }
chart_has_failed() { has_failed release-chart.yml "$CHART_RESULT"; }

export VERSION=${TAG#v}
waits_for=(image chart)
while :; do
  left=()
  for part in "${waits_for[@]}"; do
    if "${part}_is_there"; then
      printf '%s: there after %d s\n' "$part" "$SECONDS"
    elif "${part}_has_failed"; then
      printf '%s: its workflow has failed\n' "$part"
    else
      left+=("$part")
    fi
  done
  [[ ${#left[@]} -gt 0 && $SECONDS -lt $WAIT ]] || break
  waits_for=("${left[@]}")
  sleep 5
done
[[ ${#left[@]} -eq 0 ]] || printf 'gave up after %d s: %s\n' "$SECONDS" "${left[*]}"
