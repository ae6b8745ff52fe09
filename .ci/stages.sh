# Stages of a long run, sourced: each between two lines that tell the time, some beside the others, and a table at the end.
# shellcheck shell=bash

clock() { printf '%02d:%02d' "$((SECONDS / 60))" "$((SECONDS % 60))"; }

# count_cpu FILE: sets $cpu_seconds to what the children that this shell has waited for took, in user and kernel mode. Through a
# file: a command substitution is a shell of its own, and counts its own children.
count_cpu() {
  times >"$1"
  cpu_seconds=$(awk 'NR == 2 { split($1, u, "[ms]"); split($2, s, "[ms]"); printf "%d", u[1] * 60 + u[2] + s[1] * 60 + s[2] }' "$1")
}

rows=()

# stage NAME COMMAND…: runs it without input.
stage() {
  local name=$1 began=$SECONDS cpu
  shift
  count_cpu "$logs/times"
  cpu=$cpu_seconds
  printf '\n=== %s  %s\n' "$(clock)" "$name"
  "$@" </dev/null
  count_cpu "$logs/times"
  passed "$name" "$((SECONDS - began))" "$((cpu_seconds - cpu))"
}

# passed NAME SECONDS CPU
passed() {
  rows+=("$(printf '%5d s %6d s  %s' "$2" "$3" "$1")")
  printf -- '--- %s  %s: passed in %d s\n' "$(clock)" "$1" "$2"
}

declare -A beside_process beside_log beside_name

# beside KEY NAME COMMAND…: starts it now, with what the stages in front leave of the processor; `await KEY` shows what it printed.
# Only for what no clock watches: downloads and builds.
beside() {
  local key=$1
  beside_name[$key]=$2
  beside_log[$key]=$(mktemp "$logs/$key.XXXX")
  shift 2
  printf '\n=== %s  %s: started beside the next stages\n' "$(clock)" "${beside_name[$key]}"
  (
    renice -n 15 "$BASHPID" >/dev/null
    began=$SECONDS
    "$@" </dev/null
    count_cpu "$logs/$key.times"
    printf '%d %d\n' "$((SECONDS - began))" "$cpu_seconds" >"$logs/$key.took"
  ) >"${beside_log[$key]}" 2>&1 &
  beside_process[$key]=$!
}

# await KEY: until it has ended; fails as it failed.
await() {
  local key=$1 status=0 seconds cpu
  printf '\n=== %s  waiting for: %s\n' "$(clock)" "${beside_name[$key]}"
  wait "${beside_process[$key]}" || status=$?
  unset "beside_process[$key]"
  cat "${beside_log[$key]}"
  if [[ $status -ne 0 ]]; then
    printf 'failed: %s\n' "${beside_name[$key]}" >&2
    return "$status"
  fi
  read -r seconds cpu <"$logs/$key.took"
  passed "${beside_name[$key]} (beside others)" "$seconds" "$cpu"
}

logs=$(mktemp -d)

# end_process PROCESS: it and all that it has started.
end_process() {
  local child
  for child in $(pgrep -P "$1"); do
    end_process "$child"
  done
  kill "$1" 2>/dev/null || true
}

# end_stages: the table of the stages that passed, with how long each took and what it cost. Nothing is left running.
end_stages() {
  local process
  for process in "${beside_process[@]}"; do
    end_process "$process"
  done
  rm -rf "$logs"
  printf '\n   time     CPU  stage\n'
  printf '%s\n' "${rows[@]}"
}
trap end_stages EXIT
