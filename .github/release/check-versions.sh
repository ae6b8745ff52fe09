#!/usr/bin/env bash
# Do the release TAG, version and appVersion in CHART/Chart.yaml, and the image tag in CHART/values.yaml agree? Says for each
# that does not which line has to become what; publish-chart refuses the same with the same words.
#
# IMAGE_TAG is the place of the image tag in values.yaml. Without one there a chart takes the appVersion. With
# SET_VERSION=true the fields are set first, in the checkout only.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/annotate.sh"

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

# The tag itself stays where it is: GitHub does not allow to move the tag of an immutable release.
again="to publish $TAG as it is, run it again with set-version (Actions, the workflow, Run workflow), or release the next version"
wrong=0
# check FILE PLACE: whether the field at PLACE is the version.
check() {
  local field=${2#.} found line text
  found=$(yq "$2 // \"\"" "$1")
  [[ $found != "$VERSION" ]] || return 0
  wrong=$((wrong + 1))
  line=$(yq "$2 | line" "$1")
  text="the chart is of another version than its release $TAG: in ${1##*/}, \`$field\` is \"$found\" and should be \"$VERSION\"."
  if [[ $line -gt 0 ]]; then
    annotate error "file=$1,line=$line" "$text Change line $line of $1 to \`${field##*.}: \"$VERSION\"\` before the tag is made; $again"
  else
    annotate error "file=$1,line=1" "$text Add \`$field: \"$VERSION\"\` to $1 before the tag is made; $again"
  fi
}

check "$chart_yaml" .version
check "$chart_yaml" .appVersion
if has_image_tag; then
  check "$values_yaml" "$IMAGE_TAG"
fi
[[ $wrong -eq 0 ]]
