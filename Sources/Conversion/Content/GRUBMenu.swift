/// `/etc/cos/grub.cfg`: the menu of an installed system.
///
/// The installer copies it to the state partition, where no upgrade changes it. So the names of its variables are an
/// interface to the `bootargs.cfg` of every later image: `img`, `label`, `recoverylabel`, `kernelcmd`, `kernel` and
/// `initramfs`.
enum GRUBMenu {
    static let file = TreeFile("/etc/cos/grub.cfg", head + entries + tail)

    private static let head = """
        # The menu of an installed Kairos system. Installation copies this file to the state partition and no upgrade
        # renews it: whatever belongs to one image is in that image's /etc/cos/bootargs.cfg.
        set timeout=10
        set kernel=/boot/vmlinuz
        set initramfs=/boot/initrd

        # Each of these may be on a partition of its own, or missing.
        search --no-floppy --file --set=environment_device /grubenv
        search --no-floppy --file --set=settings_device /grub_oem_env
        search --no-floppy --file --set=menu_device /grubmenu
        search --no-floppy --file --set=custom_device /grubcustom
        if [ "${settings_device}" ]; then
            load_env --file (${settings_device})/grub_oem_env
        fi
        if [ "${environment_device}" ]; then
            load_env --file (${environment_device})/grubenv
        fi

        # An entry asked for once wins over the usual one, and is forgotten before it starts.
        if [ "${next_entry}" ]; then
            set default="${next_entry}"
            set selected_entry="${next_entry}"
            set next_entry=
            if [ "${environment_device}" ]; then
                save_env --file (${environment_device})/grubenv next_entry
            fi
        else
            set default="${saved_entry}"
        fi
        if [ -z "${default_menu_entry}" ]; then
            set default_menu_entry="Kairos"
        fi
        if [ "${default_fallback}" ]; then
            set fallback="${default_fallback}"
        else
            set fallback="0 1 2"
        fi

        insmod all_video
        insmod loopback
        insmod squash4
        insmod serial
        loadfont unicode
        if [ "${grub_platform}" = "efi" ]; then
            # Measuring every file into the TPM makes large images very slow to load.
            rmmod tpm
        fi

        # Opens $img on the partition that $root names, and takes the command line from the image itself.
        function open_image {
            if [ -e (loop0)/boot ]; then
                loopback -d loop0
            fi
            loopback loop0 (${root})${img}
            source (loop0)/etc/cos/bootargs.cfg
        }

        function find_system {
            search --no-floppy --label --set=root COS_STATE
            set img="${1}"
            set label="${2}"
            set recoverylabel=
            open_image
        }

        function find_recovery {
            search --no-floppy --label --set=root COS_RECOVERY
            set label=COS_SYSTEM
            if [ -s (${root})/cOS/recovery.squashfs ]; then
                set img=/cOS/recovery.squashfs
                set recoverylabel=COS_RECOVERY
            else
                set img=/cOS/recovery.img
                set recoverylabel=
            fi
            open_image
        }


        """

    private static let entries = """
        menuentry "${default_menu_entry}" --id cos {
            find_system /cOS/active.img COS_ACTIVE
            linux (loop0)$kernel $kernelcmd ${extra_cmdline} ${extra_active_cmdline}
            initrd (loop0)$initramfs
        }

        menuentry "${default_menu_entry} (fallback)" --id fallback {
            find_system /cOS/passive.img COS_PASSIVE
            linux (loop0)$kernel $kernelcmd ${extra_cmdline} ${extra_passive_cmdline}
            initrd (loop0)$initramfs
        }

        menuentry "${default_menu_entry} recovery" --id recovery {
            find_recovery
            linux (loop0)$kernel $kernelcmd ${extra_cmdline} ${extra_recovery_cmdline}
            initrd (loop0)$initramfs
        }

        menuentry "${default_menu_entry} state reset (auto)" --id statereset {
            find_recovery
            linux (loop0)$kernel $kernelcmd ${extra_cmdline} ${extra_recovery_cmdline} vga=795 nomodeset kairos.reset
            initrd (loop0)$initramfs
        }


        """

    private static let tail = """
        if [ "${menu_device}" ]; then
            source (${menu_device})/grubmenu
        fi
        if [ "${custom_device}" ]; then
            source (${custom_device})/grubcustom
        fi

        """
}
