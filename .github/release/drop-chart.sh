#!/usr/bin/env bash
# Uploads ARCHIVE to staging/ of BUCKET and waits until publish-chart has recorded its outcome.
#
# Outputs: outcome, url. FOLDER is the repository in the bucket, empty for the root repository; WAIT is in seconds.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/annotate.sh"

path=${FOLDER:+$FOLDER/}$(basename "$ARCHIVE")
answer=$(mktemp)

# receipt: the recorded outcome of this file name, or the error. The role may not list, so S3 answers 403 for a missing one.
receipt() {
  if aws s3api get-object --bucket "$BUCKET" --key "receipts/$path.json" "$answer" >/dev/null 2>"$answer.error"; then
    cat "$answer"
  else
    tr '\n' ' ' <"$answer.error"
  fi
}

# The same bytes have the same ETag each time, so an earlier upload's receipt may look like ours.
before=$(receipt)
if ! etag=$(aws s3api put-object --bucket "$BUCKET" --key "staging/$path" --body "$ARCHIVE" --content-type application/gzip \
  --metadata "release=$TAG" --checksum-algorithm SHA256 --query ETag --output text); then
  fail '' "the upload to s3://$BUCKET/staging/$path failed; see the log. Is CHARTDROP_BUCKET the stack's output BucketName, CHARTDROP_REGION its region, and may CHARTDROP_ROLE_ARN put there?"
fi
etag=${etag//\"/}

outcome=
for ((; SECONDS < WAIT; )); do
  now=$(receipt)
  if [[ $now != "$before" ]] && [[ $(jq -r '.uploadEtag' <<<"$now" 2>/dev/null) == "$etag" ]]; then
    outcome=$(jq -r '.outcome' <<<"$now")
    # A held chart waits for something; the next sweep checks it again.
    [[ $outcome == held ]] || break
  fi
  sleep 2
done

field() { jq -r ".$1 // \"\"" <<<"$now"; }
printf 'outcome=%s\n' "$outcome" >> "$GITHUB_OUTPUT"
case $outcome in
  published | unchanged)
    jq -r '.warnings[]' <<<"$now" | while IFS= read -r warning; do annotate warning '' "$warning"; done
    annotate notice '' "$outcome: $(field chart) $(field version) at $(field url)"
    printf 'url=%s\n' "$(field url)" >> "$GITHUB_OUTPUT"
    ;;
  rejected)
    line=$(yq '.version | line' "$CHART/Chart.yaml")
    fail "file=$CHART/Chart.yaml,line=$line,title=$(field reasonCode)" "$(field reason)"
    ;;
  held)
    fail '' "$(field reason). The next sweep publishes the chart once that has arrived; run this again to see the outcome"
    ;;
  *)
    fail '' "publish-chart recorded no outcome for staging/$path within $WAIT s ($now). The upload is not lost: a sweep publishes it within five minutes. Check the alarms (docs/runbook.md), then run this again"
    ;;
esac
