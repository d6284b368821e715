/// What tells a Kairos system's name: `/etc/kairos/branding`, the greeting, and the rotation of its logs.
enum Branding {
    /// `/etc/kairos/branding`: texts that Kairos' agent shows, and an entry for the boot menu.
    static let files: [TreeFile] = [
        TreeFile(directory + "/grubmenu.cfg", remoteRecovery),
        TreeFile(
            directory + "/install_text",
            """
            This machine waits to be installed.

            Scan the code below with the Kairos command line on another machine, or send it a photograph of the screen.
            To use this system without installing it, press any key within five seconds.

            """),
        TreeFile(
            directory + "/interactive_install_text",
            """
            Installation, step by step. Nothing is written before you confirm it.

            """),
        TreeFile(
            directory + "/recovery_text",
            """
            Remote recovery.

            This machine started its recovery system and opens a shell to whoever holds the code below. Scan it with the
            Kairos command line on another machine. Without it nobody can connect; to end recovery, restart the machine.

            """),
        TreeFile(
            directory + "/reset_text",
            """
            Automatic reset.

            In 60 seconds this machine puts its system back to the state of its installation. Switch it off to prevent it.

            """),
    ]

    /// `/etc/issue.d`, `/etc/motd` and logrotate's configuration.
    static let greeting: [TreeFile] = [
        TreeFile(
            "/etc/issue.d/01-KAIROS",
            #"""
              _  __     _
             | |/ /__ _(_)_ _ ___ ___
             | ' </ _` | | '_/ _ (_-<
             |_|\_\__,_|_|_| \___/__/


            """#),
        TreeFile("/etc/motd", "Welcome to Kairos.\nDocumentation: https://kairos.io/docs/\n"),
        TreeFile(
            "/etc/logrotate.d/kairos",
            """
            /var/log/kairos/*.log {
                create
                daily
                compress
                copytruncate
                missingok
                rotate 3
            }

            """),
    ]

    private static let directory = "/etc/kairos/branding"

    /// Stands by itself: the menu that reads it may come from another version.
    private static let remoteRecovery = """
        menuentry "${default_menu_entry} recovery (remote)" --id remoterecovery {
            search --no-floppy --label --set=root COS_RECOVERY
            set label=COS_SYSTEM
            if [ -s (${root})/cOS/recovery.squashfs ]; then
                set img=/cOS/recovery.squashfs
                set recoverylabel=COS_RECOVERY
            else
                set img=/cOS/recovery.img
                set recoverylabel=
            fi
            if [ -e (loop0)/boot ]; then
                loopback -d loop0
            fi
            loopback loop0 (${root})${img}
            source (loop0)/etc/cos/bootargs.cfg
            linux (loop0)$kernel $kernelcmd ${extra_cmdline} ${extra_recovery_cmdline} vga=795 nomodeset kairos.remote_recovery_mode
            initrd (loop0)$initramfs
        }

        """
}
