#!/usr/bin/env bash
# The image tags of a release, one on a line, the exact ones first:
#
#   git tag --list | release-tags.sh v1.2.3
#
# v1.2.3 and 1.2.3 are always among them. 1.2, 1 and latest are, unless the repository has the tag of a newer release of that
# line: a patch of an old line must not take the tags of a newer one. A pre-release gets its own two only. Git's tags decide, not
# the registry's, so that two releases at the same time agree.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/annotate.sh"

tag=${1-}
number='(0|[1-9][0-9]*)'
identifier='(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)'
release="v$number\\.$number\\.$number"

if [[ $tag == *+* ]]; then
  fail '' "the release $tag has build metadata, and an image tag cannot contain \"+\". Release it as ${tag%%+*}, or raise the patch version"
fi
if [[ ! $tag =~ ^$release(-$identifier(\.$identifier)*)?$ ]]; then
  fail '' "\"$tag\" is not a release tag. A release tag is v and a semantic version, such as v1.2.3 or v1.3.0-rc.1"
fi

version=${tag#v}
printf '%s\n' "$tag" "$version"
if [[ $version == *-* ]]; then
  exit
fi

releases=$({ cat; printf '%s\n' "$tag"; } | grep -Ex "$release" | cut -c 2-)
# newest PATTERN: the highest release that matches.
newest() { grep -E "^$1" <<<"$releases" | sort --field-separator=. -k1,1n -k2,2n -k3,3n | tail -n 1; }

minor=${version%.*}
major=${version%%.*}
[[ $(newest "${minor//./\\.}\\.") != "$version" ]] || printf '%s\n' "$minor"
[[ $(newest "$major\\.") != "$version" ]] || printf '%s\n' "$major"
[[ $(newest '') != "$version" ]] || printf 'latest\n'
