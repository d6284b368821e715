# Finds the Swift toolchain. Source this after say.sh.
# shellcheck shell=bash

readonly SWIFT_NEEDED=6.2

# find_swift: puts swift into PATH, or ends with what to do.
find_swift() {
    if ! command -v swift > /dev/null; then
        if [[ -x /opt/swift/usr/bin/swift ]]; then
            PATH=/opt/swift/usr/bin:$PATH
        else
            die "$EXIT_MISSING" "no swift in PATH nor in /opt/swift/usr/bin; install Swift $SWIFT_NEEDED or newer from https://www.swift.org/install/linux/ (unpack it to /opt/swift)"
        fi
    fi
    local version
    version=$(swift --version 2> /dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
    [[ -n $version ]] || die "$EXIT_MISSING" "$(command -v swift) does not run; try: swift --version"
    if [[ $(printf '%s\n%s\n' "$SWIFT_NEEDED" "$version" | sort -V | head -n 1) != "$SWIFT_NEEDED" ]]; then
        die "$EXIT_MISSING" "$(command -v swift) is Swift $version, needed is $SWIFT_NEEDED or newer"
    fi
    SWIFT_VERSION=$version
    export SWIFT_VERSION
}
