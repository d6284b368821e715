/// `/usr/sbin/suc-upgrade`: what Rancher's system-upgrade-controller and the Kairos operator run in a container of the
/// new image, with the machine's own root mounted at `HOST_DIR`.
enum UpgradeScript {
    static let file = TreeFile("/usr/sbin/suc-upgrade", mode: 0o755, text)

    private static let text = #"""
        #!/bin/bash
        # Upgrades the machine whose root is mounted at $HOST_DIR (default /host) to this image.
        # With --recovery only its recovery system. FORCE=true does it even to the version that it has.
        set -e -o pipefail
        HOST_DIR="${HOST_DIR:-/host}"

        # Prints VERSION-SOFTWARE of the system whose root is given.
        version_of() (
            file="$1/etc/kairos-release"
            [ -f "$file" ] || file="$1/etc/os-release"
            # shellcheck disable=SC1090
            . "$file"
            echo "${KAIROS_VERSION}-${KAIROS_SOFTWARE_VERSION_PREFIX}${KAIROS_SOFTWARE_VERSION}"
        )

        if [ "$FORCE" != "true" ]; then
            new=$(version_of "")
            old=$(version_of "$HOST_DIR")
            if [ "$new" = "$old" ]; then
                echo "The machine has $old already."
                exit 0
            fi
            echo "Upgrading from $old to $new."
        fi

        mount --rbind "$HOST_DIR/dev" /dev
        mount --rbind "$HOST_DIR/run" /run

        if [ "$1" = "--recovery" ]; then
            kairos-agent upgrade --recovery --source dir:/
            exit 0
        fi

        kairos-agent upgrade --source dir:/
        nsenter -i -m -t 1 -- reboot
        # The controller must not take the job for done: it is tried again after the restart, and then finds nothing to do.
        exit 1

        """#
}
