# Times of interleaved runs, the memory of our processes, and the ratios that come of them. Source this after say.sh.
# shellcheck shell=bash

declare -A BEST PEAK
MEASURE_FAILED=0

# measure NAME COMMAND…: runs it, remembers the shortest time, and the highest VmHWM of our own programs meanwhile.
measure() {
    local name=$1 begin end milliseconds sampler peak_file
    shift
    peak_file=$(mktemp)
    sample_memory "$peak_file" &
    sampler=$!
    # What the run before has written is not to be this one's load.
    sync
    begin=$(date +%s%N)
    # Not in a condition: set -e must hold inside. The caller's EXIT trap ends the sampler when it does.
    "$@"
    end=$(date +%s%N)
    kill "$sampler" 2> /dev/null || true
    wait "$sampler" 2> /dev/null || true
    milliseconds=$(((end - begin) / 1000000))
    [[ -n ${BEST[$name]:-} && ${BEST[$name]} -le $milliseconds ]] || BEST[$name]=$milliseconds
    local peak
    peak=$(sort -n "$peak_file" | tail -n 1)
    rm -f "$peak_file"
    [[ -z $peak || (-n ${PEAK[$name]:-} && ${PEAK[$name]} -ge $peak) ]] || PEAK[$name]=$peak
    printf '  %-18s %8.1f s%s\n' "$name" "$(seconds "$milliseconds")" "${peak:+   peak of our processes $((peak / 1024)) MiB}"
}

# sample_memory FILE: four times a second the high-water mark (KiB) of each running program of ours. VmHWM only grows, so
# the last sample of a process misses at most the growth of its last quarter of a second. By pgrep and not by a loop over
# /proc: that took a third of a core from what is measured.
sample_memory() {
    local pid
    while :; do
        for pid in $(pgrep factory-worker; pgrep bench-layer); do
            # It may have ended since.
            sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2> /dev/null || true
        done >> "$1"
        sleep 0.25
    done
}

seconds() { awk -v ms="$1" 'BEGIN { printf "%.1f", ms / 1000 }'; }

# compare PART RIVAL LIMIT: how many times faster ours is than the rival; at least LIMIT times.
compare() {
    local ratio
    ratio=$(awk -v a="${BEST[$1.rival]}" -v b="${BEST[$1.ours]}" 'BEGIN { printf "%.1f", a / b }')
    verdict "$(awk -v r="$ratio" -v l="$3" 'BEGIN { print (r >= l) }')" \
        "$1: $(seconds "${BEST[$1.ours]}") s, $ratio times faster than $2 ($(seconds "${BEST[$1.rival]}") s); wanted: $3"
}

# at_most PART OTHER NAME LIMIT: ours takes at most LIMIT times as long as OTHER.
at_most() {
    local ratio
    ratio=$(awk -v a="${BEST[$1.ours]}" -v b="${BEST[$1.$2]}" 'BEGIN { printf "%.2f", a / b }')
    verdict "$(awk -v r="$ratio" -v l="$4" 'BEGIN { print (r <= l) }')" \
        "$1: $ratio times $3 ($(seconds "${BEST[$1.$2]}") s); wanted: at most $4"
}

# memory PART MIB: the peak of our processes.
memory() {
    local peak=$((${PEAK[$1.ours]:-0} / 1024))
    verdict "$((peak > 0 && peak <= $2))" "$1: peak memory of our processes $peak MiB; wanted: at most $2"
}

verdict() {
    if [[ $1 -eq 1 ]]; then
        done_with "" "$2"
    else
        failed_with "" "$2"
        MEASURE_FAILED=1
    fi
}

finish_measurements() {
    [[ $MEASURE_FAILED -eq 0 ]] || exit "$EXIT_FAILED"
}
