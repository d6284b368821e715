# Words for people, the same from every script. Source this; it needs bash.
# shellcheck shell=bash

# Exit codes of every script here.
# shellcheck disable=SC2034
readonly EXIT_FAILED=1 EXIT_USAGE=2 EXIT_MISSING=3

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
    readonly BOLD=$'\e[1m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
    readonly BOLD='' GREEN='' RED='' PLAIN=''
fi

# done_with NAME TEXT: one line for a part that is finished.
done_with() { printf '%s✓%s %-12s %s\n' "$GREEN" "$PLAIN" "$1" "$2"; }

# failed_with NAME TEXT: one line for a part that failed.
failed_with() { printf '%s✗%s %-12s %s\n' "$RED" "$PLAIN" "$1" "$2" >&2; }

# heading TEXT
heading() { printf '\n%s%s%s\n' "$BOLD" "$1" "$PLAIN"; }

# die CODE TEXT…: says what is wrong and ends the script.
die() {
    local code=$1
    shift
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit "$code"
}

# usage_from FILE: prints the comment block at the top of a script as its help.
usage_from() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1"; }
