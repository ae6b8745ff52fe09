#!/usr/bin/env bash
# Item scans: code scanning has what Trivy found in the image of REVISION, for both platforms.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checklist.sh"

# They are uploaded beside the push, and processed after that: for two minutes they may still come.
while :; do
  if ! analyses=$(curl --fail --silent --show-error --header "Authorization: Bearer $GITHUB_TOKEN" \
    "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/code-scanning/analyses?tool_name=Trivy&per_page=100"); then
    if [[ $PRIVATE == true ]]; then
      leave scans "the private repository has no code scanning"
    else
      cross scans "code scanning can be read"
    fi
    exit
  fi
  missing=$(jq -r --arg revision "$REVISION" --arg slug "$SLUG" '[("amd64", "arm64") | "trivy-\($slug)-\(.)"]
    - [.[] | select(.commit_sha == $revision) | .category] | join(" ")' <<<"$analyses")
  [[ -n $missing && $(state image) == "done" && $SECONDS -lt 120 ]] || break
  sleep 5
done
if [[ -z $missing ]]; then
  tick scans "the results of the scan are in the Security tab, for both platforms"
else
  cross scans "the results of the scan are in the Security tab; missing: $missing"
fi
