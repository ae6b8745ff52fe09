#!/usr/bin/env bash
# Writes the checklist of the release into the run's summary. Fails unless every item is ticked, and says what to do.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/annotate.sh"
. "$(dirname "${BASH_SOURCE[0]}")/checklist.sh"

again="run it again for $TAG (Actions, its workflow, Run workflow), or release the next version if the code has to change"

# advice ITEM
advice() {
  case $1 in
    tags) echo "The image exists, but not under all of its tags: Release image was interrupted. To fix it, $again" ;;
    platforms) echo "The image is missing for a platform: users of that platform get \"no matching manifest\". Check the build of that platform in Release image, and $again" ;;
    digest) echo "What the index lists is not what users get. Ask the operator of the repository to run {\"command\":\"verify\"}; see docs/commands.md" ;;
    helm3 | helm4) echo "The chart is published, but this Helm cannot use the repository; the log of the step has Helm's message. Users of this Helm cannot install the chart" ;;
    mirror) echo "The chart is published, but the mirror does not serve it to everybody. A new package is private until you change its visibility; if publish-chart could not push it, its log says why. See docs/mirror.md" ;;
    reference) echo "The chart installs another image than this release's. A published version never changes: correct image.tag in values.yaml, and release the next version" ;;
    install) echo "Image and chart are published, but the pods don't start; the log of the step has their events. Fix the cause, and release the next version" ;;
    scans) echo "Code scanning has no results for this commit. Check the jobs Report of Release image, and $again" ;;
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
    say "Image failed, chart published: $NAME ${TAG#v} installs, but its pod cannot pull the image. Fix what Release image reports, and $again. Earlier versions still work. If Release image succeeded, the package is not public: Package settings, Change visibility"
    ;;
  done/failed)
    say "Chart failed, image published: the image can be pulled, but $NAME ${TAG#v} is not in the repository. Fix what Release chart reports, and $again"
    ;;
  failed/failed)
    say "Both failed: the release exists, but neither its image nor its chart is published. Fix what Release image and Release chart report, and $again"
    ;;
esac
for item in "${failed[@]}"; do
  [[ $item == image || $item == chart ]] || say "$(advice "$item")"
done
exit 1
