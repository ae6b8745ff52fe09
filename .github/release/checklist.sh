#!/usr/bin/env bash
# Sourced: the checklist of a release, with a line of JSON for each checked item in the file CHECKLIST. conclude.sh evaluates it.

# note ITEM STATE TEXT
note() {
  jq -nc --arg item "$1" --arg state "$2" --arg text "$3" '{$item, $state, $text}' >> "$CHECKLIST"
  printf '%s: %s (%s)\n' "$2" "$3" "$1"
}

tick() { note "$1" "done" "$2"; }
cross() { note "$1" failed "$2"; }
leave() { note "$1" left "$2"; }

# state ITEM: done, failed, left, or nothing yet.
state() {
  [[ ! -e $CHECKLIST ]] || jq -rn --arg item "$1" '[inputs | select(.item == $item)] | last.state // ""' "$CHECKLIST"
}
