#!/usr/bin/env bash
# What the release TAG pushes where, as outputs of the step. Runs in a checkout of TAG with all of the repository's tags.
#
# IMAGE may be empty, for ghcr.io/OWNER/REPOSITORY.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/annotate.sh"

tags=$(git tag --list | "$here/release-tags.sh" "$TAG")
# A registry takes no capitals, GitHub's names may have some.
image=${IMAGE:-ghcr.io/${GITHUB_REPOSITORY,,}}
# What has neither a dot nor a port in its first part is Docker Hub's for some tools and a host for others.
if [[ ! ${image%%/*} =~ [.:] || $image != */* ]]; then
  fail '' "the image \"$image\" does not name its registry. Set CHARTDROP_IMAGE to a host and a path, such as docker.io/ORG/APP"
fi
revision=$(git rev-parse 'HEAD^{commit}')
# Up to four releases before this one, oldest first, to compare sizes with.
previous=$({ git tag --list | grep -Ex 'v[0-9]+\.[0-9]+\.[0-9]+' || true; printf '%s\n' "$TAG"; } | sort -Vu |
  grep -Fx -B 4 -e "$TAG" | grep -vFx -e "$TAG" || true)

cat >> "$GITHUB_OUTPUT" <<END
image=$image
registry=${image%%/*}
slug=$(tr -c 'A-Za-z0-9\n' - <<<"$image")
version=${TAG#v}
revision=$revision
tags=$(paste -sd ' ' <<<"$tags")
latest=$(if grep -qx latest <<<"$tags"; then echo true; else echo false; fi)
previous=$(paste -sd ' ' <<<"$previous")
created=$(date -u +%Y-%m-%dT%H:%M:%SZ)
END
printf 'Release %s is %s with the tags %s\n' "$TAG" "$image" "$(paste -sd ' ' <<<"$tags")"
