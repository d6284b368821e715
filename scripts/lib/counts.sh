# Counts the tests of one run of Swift Testing from its event stream (one JSON record a line). Source this.
# shellcheck shell=bash
#
# Inside a JSON string every quote is escaped, so the unescaped patterns below can only match the record itself.
# A test is counted once, however many arguments it has. A test that began and never ended (the process died) failed.

# counts_of FILE: sets COUNT_PASSED, COUNT_FAILED, COUNT_SKIPPED and FAILED_TESTS (one test a line).
counts_of() {
    local result
    # The last line may be cut off when the process died.
    result=$(awk '
        function id(line) {
            match(line, /"(testID|id)":"[^"]*"/)
            line = substr(line, RSTART, RLENGTH)
            sub(/^"[a-zA-Z]*":"/, "", line); sub(/"$/, "", line); gsub(/\\\//, "/", line)
            return line
        }
        index($0, "{\"kind\":\"test\"") == 1 && index($0, "\"kind\":\"function\"") { known[id($0)] = 1; next }
        index($0, "\"kind\":\"testSkipped\"") { skipped[id($0)] = 1; next }
        index($0, "\"kind\":\"testEnded\"") { ended[id($0)] = 1; next }
        index($0, "\"kind\":\"issueRecorded\"") && index($0, "\"isFailure\":true") { bad[id($0)] = 1; next }
        index($0, "\"kind\":\"runEnded\"") { whole = 1 }
        END {
            for (test in known) {
                if (test in skipped) s++
                else if ((test in ended) && !(test in bad)) p++
                else { f++; print "test " test ((test in ended) ? "" : " (did not end)") }
            }
            # An issue that belongs to no test, or a run that ended before its tests.
            for (test in bad) if (!(test in known)) { f++; print "test " (test == "" ? "(no test)" : test) }
            if (!whole) { f++; print "test (the test process died)" }
            printf "counts %d %d %d\n", p, f, s
        }' "$1" 2> /dev/null || echo "counts 0 1 0")
    read -r COUNT_PASSED COUNT_FAILED COUNT_SKIPPED < <(sed -n 's/^counts //p' <<< "$result")
    # shellcheck disable=SC2034
    FAILED_TESTS=$(sed -n 's/^test //p' <<< "$result" | sort)
    export COUNT_PASSED COUNT_FAILED COUNT_SKIPPED
}
