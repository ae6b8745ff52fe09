#!/usr/bin/env bash
# To be sourced: messages that GitHub shows on the run, on the release's commit and beside the line that is wrong.

# To stderr, which the runner reads as well: stdout may be what a caller wants to know.
#
# annotate LEVEL PLACE MESSAGE: LEVEL is error, warning or notice, PLACE such as file=Chart.yaml,line=5, or empty.
annotate() {
  local message=$3
  # Escaped as the runner wants it. A message may hold text from a chart, which must not start a command of its own.
  message=${message//'%'/'%25'}
  message=${message//$'\r'/'%0D'}
  message=${message//$'\n'/'%0A'}
  printf '::%s%s::%s\n' "$1" "${2:+ $2}" "$message" >&2
}

# fail PLACE MESSAGE
fail() {
  annotate error "$1" "$2"
  exit 1
}
