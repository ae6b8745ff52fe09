#!/usr/bin/env bash
# Finds the chart of the repository that it runs in and tells the step's outputs: chart (its folder), name.
#
# CHART may name the folder. Without it: charts/REPOSITORY, or the only chart that there is.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/annotate.sh"

chart=${CHART-}
if [[ -z $chart ]]; then
  chart=charts/${GITHUB_REPOSITORY##*/}
  if [[ ! -e $chart/Chart.yaml ]]; then
    # Sorted, a chart comes before those in its own charts/, which are its dependencies.
    mapfile -t found < <(git ls-files -- Chart.yaml '*/Chart.yaml' | sed 's:/\{0,1\}Chart\.yaml$::; s:^$:.:' |
      awk 'NR == 1 || (parent != "." && index($0, parent "/") != 1) { print; parent = $0 }')
    if [[ ${#found[@]} -ne 1 ]]; then
      fail '' "$chart/Chart.yaml does not exist, and there are ${#found[@]} other charts (${found[*]}). Name the folder in the input chart or the variable CHARTDROP_CHART"
    fi
    chart=${found[0]}
  fi
fi
[[ -e $chart/Chart.yaml ]] || fail '' "$chart/Chart.yaml does not exist in the tag of the release. Name the folder in the input chart or the variable CHARTDROP_CHART"

printf 'chart=%s\nname=%s\n' "$chart" "$(yq '.name' "$chart/Chart.yaml")" >> "$GITHUB_OUTPUT"
