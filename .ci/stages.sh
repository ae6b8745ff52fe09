# Sourced by long runs: runs stages, some in the background, with the time before and after each and a table at the end.
# shellcheck shell=bash

clock() { printf '%02d:%02d' "$((SECONDS / 60))" "$((SECONDS % 60))"; }

# count_cpu FILE: sets $cpu_seconds to the CPU time of all children that this shell has waited for, in user and kernel mode. It
# uses a file, because a command substitution is another shell, which would count its own children.
count_cpu() {
  times >"$1"
  cpu_seconds=$(awk 'NR == 2 { split($1, u, "[ms]"); split($2, s, "[ms]"); printf "%d", u[1] * 60 + u[2] + s[1] * 60 + s[2] }' "$1")
}

rows=()

# stage NAME COMMAND…: runs the command without input.
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

# passed NAME SECONDS CPU: records a stage for the table.
passed() {
  rows+=("$(printf '%5d s %6d s  %s' "$2" "$3" "$1")")
  printf -- '--- %s  %s: passed in %d s\n' "$(clock)" "$1" "$2"
}

declare -A beside_process beside_log beside_name

# beside KEY NAME COMMAND…: starts a command in the background, at low priority; `await KEY` prints its output. Use it only for
# downloads and builds, not for tests with a time limit.
beside() {
  local key=$1
  beside_name[$key]=$2
  beside_log[$key]=$(mktemp "$logs/$key.XXXX")
  shift 2
  printf '\n=== %s  %s: started in the background\n' "$(clock)" "${beside_name[$key]}"
  (
    renice -n 15 "$BASHPID" >/dev/null
    began=$SECONDS
    "$@" </dev/null
    count_cpu "$logs/$key.times"
    printf '%d %d\n' "$((SECONDS - began))" "$cpu_seconds" >"$logs/$key.took"
  ) >"${beside_log[$key]}" 2>&1 &
  beside_process[$key]=$!
}

# await KEY: waits for a command in the background, and fails if it failed.
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
  passed "${beside_name[$key]} (in the background)" "$seconds" "$cpu"
}

logs=$(mktemp -d)

# end_process PROCESS: ends a process and all processes that it started.
end_process() {
  local child
  for child in $(pgrep -P "$1"); do
    end_process "$child"
  done
  kill "$1" 2>/dev/null || true
}

# end_stages: ends the processes in the background, and prints the table of passed stages with their time and CPU time.
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
