/// Which packages make a base Kairos-ready: data, and the one rule that reads it.
///
/// The names and conditions are those of kairos-init 0.17.3, whose images these packages have to match. Boards of
/// NVIDIA are not in the tables: their packages need repositories and steps that do not exist here.
package enum PackageTables {
    /// The packages of step `installPackages`, sorted, each once.
    package static func base(for query: PackageQuery) -> [String] {
        let tables = [common, base] + (query.trustedBoot ? [systemdBoot] : [bootloader, initrd])
        return unique(tables.joined().flatMap { $0.packages(for: query) })
    }

    /// The packages of step `installKernel`, sorted, each once: what is said for the distribution outweighs what is
    /// said for its family, and a board has a table of its own.
    package static func kernel(for query: PackageQuery) -> [String] {
        let table = query.model != "generic" ? modelKernels : query.trustedBoot ? trustedKernels : kernels
        let rows = table.filter { $0.concerns(query) }
        let own = rows.filter { $0.scope == .distro(query.distro) }
        let chosen = own.isEmpty || query.model != "generic" ? rows : own
        return unique(chosen.flatMap { $0.packages(for: query) })
    }

    private static func unique(_ names: some Sequence<String>) -> [String] { Set(names).sorted() }
}
