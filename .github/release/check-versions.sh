#!/usr/bin/env bash
# Checks that version and appVersion in CHART/Chart.yaml, and the image tag in CHART/values.yaml, match the release TAG. Names the
# line to change for each that does not. publish-chart rejects the same chart with the same words.
#
# IMAGE_TAG is the path of the image tag in values.yaml. A chart without one uses the appVersion. With SET_VERSION=true the
# fields are set first, in the checkout only.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/annotate.sh"

if [[ ! $TAG =~ ^v?[0-9]+\.[0-9]+\.[0-9]+([-+].*)?$ ]]; then
  fail '' "\"$TAG\" is not a release tag. A release tag is v and a semantic version, such as v1.2.3 or v1.3.0-rc.1. Release the chart under such a tag"
fi
export VERSION=${TAG#v}
chart_yaml=$CHART/Chart.yaml
values_yaml=$CHART/values.yaml
[[ $CHART != . ]] || { chart_yaml=Chart.yaml values_yaml=values.yaml; }

has_image_tag() { [[ -e $values_yaml && -n $(yq "$IMAGE_TAG // \"\"" "$values_yaml") ]]; }

if [[ ${SET_VERSION-} == true ]]; then
  yq --inplace '.version = strenv(VERSION) | .appVersion = strenv(VERSION)' "$chart_yaml"
  if has_image_tag; then
    yq --inplace "$IMAGE_TAG = strenv(VERSION)" "$values_yaml"
  fi
fi

# GitHub does not allow moving the tag of an immutable release.
again="to publish $TAG as it is, run it again with set-version (Actions, the workflow, Run workflow), or release the next version"
wrong=0
# check FILE PATH: whether the field at PATH is the version.
check() {
  local field=${2#.} found line text
  found=$(yq "$2 // \"\"" "$1")
  [[ $found != "$VERSION" ]] || return 0
  wrong=$((wrong + 1))
  line=$(yq "$2 | line" "$1")
  text="the chart's version does not match release $TAG: in ${1##*/}, \`$field\` is \"$found\" and should be \"$VERSION\"."
  if [[ $line -gt 0 ]]; then
    annotate error "file=$1,line=$line" "$text Change line $line of $1 to \`${field##*.}: \"$VERSION\"\` before you create the tag; $again"
  else
    annotate error "file=$1,line=1" "$text Add \`$field: \"$VERSION\"\` to $1 before you create the tag; $again"
  fi
}

check "$chart_yaml" .version
check "$chart_yaml" .appVersion
if has_image_tag; then
  check "$values_yaml" "$IMAGE_TAG"
fi
[[ $wrong -eq 0 ]]
