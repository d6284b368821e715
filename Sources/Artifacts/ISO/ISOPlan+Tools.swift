extension ISOPlan {
    /// Files on disk that go into the ISO: where each source lies.
    package struct Staging: Sendable {
        /// The mounted image.
        package var tree: String
        /// A directory that holds the plan's texts under their paths in the ISO.
        package var texts: String
        package var squash: String
        package var biosCore: String
        package var esp: String
        package var output: String

        package init(tree: String, texts: String, squash: String, biosCore: String, esp: String, output: String) {
            self.tree = tree
            self.texts = texts
            self.squash = squash
            self.biosCore = biosCore
            self.esp = esp
            self.output = output
        }

        /// The file on disk that an ISO's file is read from.
        func path(of file: ISOPlan.File) -> String {
            switch file.source {
            case .text: texts + file.path
            case .image(let path): tree + path
            case .squash: squash
            case .biosCore: biosCore
            }
        }
    }

    /// `grub-mkimage`'s arguments, inside the image. It writes to standard output, which must be a file, not a pipe: it
    /// syncs what it wrote.
    package var biosCoreArguments: [String] {
        ["-O", "i386-pc-eltorito", "-d", Bootloaders.biosModules, "-p", "/boot/grub2"] + Bootloaders.biosModuleNames
    }

    /// `mksquashfs`'s arguments (squashfs-tools 4.5). Times come from `SOURCE_DATE_EPOCH` in its environment: newer ones
    /// are set back to it, older ones stay, so that Python's compiled files still fit their sources.
    ///
    /// zstd 3 in blocks of 256 KiB: as small as gzip 9 at a twentieth of the time, and read nearly twice as fast as 1 MiB
    /// blocks. Without a limit it takes a quarter of the machine's memory.
    package func squashArguments(tree: String, output: String, processors: Int, memoryMiB: Int) -> [String] {
        [
            tree, output, "-noappend", "-comp", "zstd", "-Xcompression-level", "3", "-b", "256K", "-processors",
            String(processors), "-mem", "\(memoryMiB)M", "-progress",
        ]
            + pseudoDefinitions.flatMap { ["-p", $0] }
            // Each makes systemd believe that it runs in a container.
            + ["-e", ".dockerenv", "run/.containerenv"]
    }

    /// xorriso's arguments (1.5.4, its own command language). The time, in seconds since 1970, is what every file and the
    /// volume carry; the GPT's disk GUID is 32 hexadecimal digits.
    package func xorrisoArguments(_ staging: Staging, time: Int64, guid: String) -> [String] {
        var arguments = [
            "-abort_on", "FAILURE", "-stdio_sync", "off", "-padding", "0", "-outdev", staging.output, "-volid",
            ISOPlan.volumeID,
            "-joliet", "on", "-volume_date", "all_file_dates", "=\(time)",
        ]
        for file in files {
            arguments += ["-map", staging.path(of: file), file.path]
        }
        arguments += ["-chown_r", "0", "/", "--", "-chgrp_r", "0", "/", "--"]
        arguments += ["-find", "/", "-type", "d", "-exec", "chmod", "0755", "--"]
        for (place, file) in files.enumerated() {
            arguments += ["-chmod", octal(file.mode), file.path, "--"]
            // Without a weight of its own a file lies where its inode number puts it, which differs from run to run.
            arguments += ["-find", file.path, "-exec", "sort_weight", String(1000 - place), "--"]
        }
        arguments += ["-alter_date_r", "b-c", "=\(time)", "/", "--"]
        if startsFromBIOS {
            let hybrid = files.first { $0.path == "/boot/boot_hybrid.img" }.map { staging.path(of: $0) } ?? ""
            arguments += bootImage(
                "grub", ["bin_path=/boot/eltorito.img", "grub2_mbr=" + hybrid, "grub2_boot_info=on"])
            arguments += bootImage(
                "any",
                [
                    "partition_offset=16", "cat_path=/boot/boot.catalog", "cat_hidden=on", "boot_info_table=on",
                    "platform_id=0x00", "emul_type=no_emulation", "load_size=2048", "next",
                ])
        } else {
            arguments += bootImage("any", ["partition_offset=16", "cat_path=/boot/boot.catalog", "cat_hidden=on"])
        }
        // The ESP is a partition behind the file system, and El Torito points at it there: it is in the ISO once.
        arguments += ["-append_partition", "2", "0xef", staging.esp]
        arguments += bootImage(
            "any",
            [
                "efi_path=--interval:appended_partition_2:all::", "platform_id=0xef", "emul_type=no_emulation",
                "appended_part_as=gpt", "gpt_disk_guid=" + guid,
            ] + (startsFromBIOS ? ["mbr_force_bootable=on"] : []))
        return arguments + ["-commit"]
    }

    private func bootImage(_ kind: String, _ settings: [String]) -> [String] {
        settings.flatMap { ["-boot_image", kind, $0] }
    }

    private func octal(_ mode: Int) -> String {
        "0" + String(mode, radix: 8)
    }
}
