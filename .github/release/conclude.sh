#!/usr/bin/env bash
# The checklist of the release in the run's summary; fails unless everything is ticked, and says what to do then.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/annotate.sh"
. "$(dirname "${BASH_SOURCE[0]}")/checklist.sh"

again="run it again for $TAG (Actions, its workflow, Run workflow), or release the next version if the code has to change"

# advice ITEM
advice() {
  case $1 in
    tags) echo "The image is there, but not under all of its tags: the run of Release image stopped halfway, $again" ;;
    platforms) echo "The image is missing for a platform: who pulls it there gets \"no matching manifest\". See the build of that platform in Release image, and $again" ;;
    digest) echo "What the index lists is not what users get. Ask whoever runs the repository for {\"command\":\"verify\"}; see docs/commands.md" ;;
    helm3 | helm4) echo "The chart is published, but this Helm can't use the repository; the log of its step says what Helm said. Users of it can't install" ;;
    mirror) echo "The chart is published, but the registry that has charts too does not give it to everybody: a new package is private until its visibility is changed, and what keeps the publisher from pushing its log says; see docs/mirror.md" ;;
    reference) echo "The chart installs another image than this release's. A published version never changes: mend image.tag in values.yaml and release the next version" ;;
    install) echo "Image and chart are published, but the pods don't start; the log of the step has their events. Mend it and release the next version" ;;
    scans) echo "Code scanning has no results for this commit: see the jobs Report of Release image, and $again" ;;
    *) echo "This was not checked; the log of its step says why. Run this workflow again" ;;
  esac
}

failed=()
{
  printf '## Release %s\n\n' "$TAG"
  for item in image platforms tags chart digest helm3 helm4 mirror reference install scans; do
    text=$(jq -rn --arg item "$item" '[inputs | select(.item == $item)] | last.text // ""' "$CHECKLIST")
    case $(state "$item") in
      done) printf -- '- [x] %s\n' "$text" ;;
      left) printf -- '- [ ] *%s:* %s\n' "$item" "$text" ;;
      failed) printf -- '- [ ] **%s**\n' "$text" && failed+=("$item") ;;
      *) [[ $item == tags || $item == mirror ]] || { printf -- '- [ ] **%s: not checked**\n' "$item" && failed+=("$item"); } ;;
    esac
  done
  if [[ ${#failed[@]} -eq 0 ]]; then
    printf '\nUsers can install it now.\n'
  fi
} >> "$GITHUB_STEP_SUMMARY"
[[ ${#failed[@]} -gt 0 ]] || exit 0

say() {
  printf '\n%s\n' "$1" >> "$GITHUB_STEP_SUMMARY"
  annotate error '' "$1"
}
case $(state image)/$(state chart) in
  failed/done)
    say "Image failed, chart published: who installs $NAME ${TAG#v} now gets a pod that can't pull its image. Mend what Release image says, and $again; until then earlier versions can be installed. If it succeeded, the package is not public: Package settings, Change visibility"
    ;;
  done/failed)
    say "Chart failed, image published: the image can be pulled, but $NAME ${TAG#v} is not in the repository. Mend what Release chart says, and $again"
    ;;
  failed/failed)
    say "Both failed: the release exists, but nothing of it is published. Mend what Release image and Release chart say, and $again"
    ;;
esac
for item in "${failed[@]}"; do
  [[ $item == image || $item == chart ]] || say "$(advice "$item")"
done
exit 1
