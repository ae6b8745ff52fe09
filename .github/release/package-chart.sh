#!/usr/bin/env bash
# Fetches the dependencies of CHART, lints it and packs it into the folder packed/ beside the checkout. Output: archive.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/annotate.sh"

# `helm dependency build` keeps to Chart.lock, but knows only the repositories that were added.
added=0
while read -r repository; do
  added=$((added + 1))
  helm repo add "dependency-$added" "$repository"
done < <(yq '.dependencies[].repository | select(test("^https?://"))' "$CHART/Chart.yaml" | sort -u)
helm dependency build "$CHART"

helm lint "$CHART" || fail "file=$CHART/Chart.yaml,line=1" "helm lint rejects the chart; the log of this step says why"

mkdir -p ../packed
helm package "$CHART" --destination ../packed
printf 'archive=%s\n' "$(realpath ../packed/*.tgz)" >> "$GITHUB_OUTPUT"
