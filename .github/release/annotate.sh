#!/usr/bin/env bash
# Sourced: messages that GitHub shows on the run, on the commit of the release and beside the wrong line.

# They go to stderr, which the runner reads as well, because stdout may be the result of a script.
#
# annotate LEVEL PLACE MESSAGE: LEVEL is error, warning or notice, PLACE such as file=Chart.yaml,line=5, or empty.
annotate() {
  local message=$3
  # Escaped for the runner: a message may contain text from a chart, which must not start a command.
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
