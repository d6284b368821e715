package import FactoryProtocol

/// Why a conversion cannot be planned or done, apart from what a tool said.
package struct ConversionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A stable name of the kind of error.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let name: String
        package var description: String { name }

        /// The base names no distribution known here.
        package static let unknownBase = Code(name: "base-unknown")
        /// The base is known, and this release cannot convert it.
        package static let notYet = Code(name: "base-not-yet")
        /// The base has no version that the package tables can be asked for.
        package static let baseWithoutVersion = Code(name: "base-without-version")
        /// The base has no package manager to install anything with.
        package static let baseWithoutPackageManager = Code(name: "base-without-package-manager")
        /// The board is known, and this release cannot build for it.
        package static let modelNotYet = Code(name: "model-not-yet")
        /// A directory of components lacks a program, or a program in it is no executable.
        package static let badComponents = Code(name: "components-bad")
        /// The tree holds no kernel.
        package static let noKernel = Code(name: "kernel-missing")
        /// A file of the tree cannot be written or read.
        package static let tree = Code(name: "tree-file")
        /// Files of the tree, which are those of its base, are in the way: a loop of links, a directory in the place of a file.
        package static let badTree = Code(name: "bad-tree")
        /// No room for what the conversion writes.
        package static let diskFull = Code(name: "disk-full")
        /// A tool's output does not have the form it is known for.
        package static let unexpectedOutput = Code(name: "tool-output")
    }

    /// The kind.
    package let code: Code
    /// A sentence that names the thing and its value.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    /// Who is at fault.
    package var cause: Failure.Cause {
        switch code {
        case .diskFull, .tree: .worker
        case .unexpectedOutput: .internal
        default: .spec
        }
    }
}
