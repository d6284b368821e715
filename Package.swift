// swift-tools-version: 6.2
import PackageDescription

/// The strict settings, on every target: what each asks of the code is in CONTRIBUTING.md.
let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
]

/// A module of ours: its name, its folder, what it may import.
func module(_ name: String, _ path: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: house)
}

func executable(_ name: String, _ path: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies + ["TestSupport"], path: "Tests/" + name + "Tests",
        swiftSettings: house)
}

/// A C library of the distribution, found by pkg-config.
func library(_ name: String, pkgConfig: String, package: String) -> Target {
    .systemLibrary(
        name: name, path: "Sources/Platform/" + name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

let package = Package(
    name: "factory",
    products: [
        .executable(name: "factoryd", targets: ["factoryd"]),
        .executable(name: "factoryctl", targets: ["factoryctl"]),
        .executable(name: "factory-worker", targets: ["factory-worker"]),
    ],
    targets: [
        // The ground floor: one module an outside thing.
        .target(name: "CLinux", path: "Sources/Platform/CLinux", cSettings: [.treatAllWarnings(as: .error)]),
        library("CSQLite", pkgConfig: "sqlite3", package: "libsqlite3-dev"),
        library("CYAML", pkgConfig: "yaml-0.1", package: "libyaml-dev"),
        library("COpenSSL", pkgConfig: "libcrypto", package: "libssl-dev"),
        library("CCurl", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),
        library("CArchive", pkgConfig: "libarchive", package: "libarchive-dev"),
        module("IO", "Sources/Platform/IO", ["CLinux"]),
        module("Crypto", "Sources/Platform/Crypto", ["COpenSSL", "CLinux", "IO"]),
        module("HTTP", "Sources/Platform/HTTP", ["IO", "CCurl", "Crypto"]),
        module("SQLite", "Sources/Platform/SQLite", ["CSQLite", "Crypto", "IO"]),
        module("YAML", "Sources/Platform/YAML", ["CYAML"]),
        module("JSON", "Sources/Platform/JSON", []),
        module("Processes", "Sources/Platform/Processes", ["IO", "CLinux"]),
        module("Archive", "Sources/Platform/Archive", ["CArchive", "CLinux", "Crypto", "IO"]),
        module("Spelling", "Sources/Platform/Spelling", []),
        module("Arguments", "Sources/Platform/Arguments", ["Spelling"]),
        module("Configuration", "Sources/Platform/Configuration", ["YAML", "IO", "Spelling"]),
        module("Terminal", "Sources/Platform/Terminal", []),
        module("Systemd", "Sources/Platform/Systemd", []),

        // The farm, in the order of the flow.
        module("FactoryProtocol", "Sources/Protocol", ["JSON"]),
        module("FactoryWire", "Sources/Wire", ["FactoryProtocol", "IO"]),
        module("FactorySpec", "Sources/Spec", ["FactoryProtocol", "JSON", "YAML", "Crypto", "Spelling"]),
        module("FactoryEvents", "Sources/Events", ["FactoryProtocol", "JSON", "IO", "Crypto"]),
        .executableTarget(name: "embed-sql", path: "Plugins/embed-sql", swiftSettings: house),
        .plugin(name: "EmbedSQL", capability: .buildTool(), dependencies: ["embed-sql"]),
        .target(name: "FactoryMigrations", path: "migrations", swiftSettings: house, plugins: ["EmbedSQL"]),
        module(
            "FactoryQueue", "Sources/Queue",
            [
                "FactoryProtocol", "FactorySpec", "FactoryMigrations", "SQLite", "JSON", "Crypto", "IO",
            ]),
        module("FactoryStore", "Sources/Store", ["FactoryProtocol", "CLinux", "IO", "Crypto", "HTTP"]),
        module(
            "FactoryScheduling", "Sources/Scheduling",
            [
                "FactoryQueue", "FactoryEvents", "FactoryWire", "FactoryProtocol", "FactorySpec", "IO", "JSON",
            ]),
        module(
            "FactoryExecution", "Sources/Execution",
            ["FactoryProtocol", "FactorySpec", "Processes", "IO", "JSON", "Crypto"]),
        module(
            "FactoryImages", "Sources/Images",
            [
                "FactoryExecution", "FactoryProtocol", "FactorySpec", "Archive", "Processes", "Crypto", "IO",
                "JSON", "CLinux",
            ]),
        module(
            "FactoryConversion", "Sources/Conversion",
            [
                "FactoryImages", "FactoryExecution", "FactoryProtocol", "FactorySpec", "Processes", "Crypto", "IO",
                "JSON", "CLinux",
            ]),
        module(
            "FactoryArtifacts", "Sources/Artifacts",
            [
                "FactoryImages", "FactoryExecution", "FactoryProtocol", "FactorySpec", "Processes", "Crypto", "IO",
                "JSON",
            ]),
        module(
            "FactoryClient", "Sources/Client",
            ["FactoryWire", "FactoryProtocol", "IO", "HTTP", "Crypto"]),

        // Wiring only.
        executable(
            "factoryd", "Sources/factoryd",
            [
                "FactoryProtocol", "FactoryQueue", "FactoryEvents", "FactoryStore", "FactoryScheduling", "HTTP", "IO",
                "JSON", "SQLite", "Configuration", "Arguments", "Systemd", "Terminal",
            ]),
        executable(
            "factoryctl", "Sources/factoryctl",
            [
                "FactoryProtocol", "FactorySpec", "FactoryClient", "FactoryConversion", "HTTP", "IO", "JSON", "YAML",
                "Arguments", "Terminal", "Spelling", "Crypto",
            ]),
        executable(
            "factory-worker", "Sources/WorkerAgent",
            [
                "FactoryProtocol", "FactorySpec", "FactoryClient", "FactoryExecution", "FactoryConversion",
                "FactoryArtifacts", "Processes", "HTTP", "IO", "JSON", "Configuration", "Arguments", "Systemd",
                "Terminal", "CLinux", "Crypto",
            ]),

        // Our side of scripts/bench where no program of the farm does one thing alone.
        executable("bench-layer-writer", "Bench/layer-writer", ["Archive"]),

        // One folder of tests a module; EndToEnd runs the real binaries.
        .target(
            name: "TestSupport", dependencies: ["IO", "Processes", "CLinux"], path: "Tests/TestSupport",
            swiftSettings: house),
        tests("IO", ["IO", "CLinux"]),
        tests("Crypto", ["Crypto", "IO"]),
        tests("HTTP", ["HTTP", "IO", "CLinux", "CCurl", "Crypto"]),
        tests("SQLite", ["SQLite", "CSQLite", "Crypto", "IO"]),
        tests("YAML", ["YAML", "CYAML"]),
        tests("JSON", ["JSON"]),
        tests("Processes", ["Processes", "IO", "CLinux"]),
        tests("Archive", ["Archive", "CArchive", "CLinux", "Crypto", "IO"]),
        tests("Spelling", ["Spelling"]),
        tests("Arguments", ["Arguments", "Spelling", "Processes", "IO"]),
        tests("Configuration", ["Configuration", "YAML", "IO", "Spelling"]),
        tests("Terminal", ["Terminal"]),
        tests("Systemd", ["Systemd", "Processes", "IO"]),
        tests("Protocol", ["FactoryProtocol", "JSON"]),
        tests("Wire", ["FactoryWire", "FactoryProtocol", "IO", "JSON"]),
        tests("Spec", ["FactorySpec", "JSON", "YAML", "Crypto"]),
        tests("Events", ["FactoryEvents", "FactoryProtocol", "JSON", "IO"]),
        tests("Queue", ["FactoryQueue", "FactoryProtocol", "FactorySpec", "SQLite", "JSON", "Crypto", "IO"]),
        tests("Store", ["FactoryStore", "FactoryProtocol", "IO", "Crypto", "HTTP", "JSON", "Processes"]),
        tests(
            "Scheduling",
            [
                "FactoryScheduling", "FactoryQueue", "FactoryEvents", "FactoryWire", "FactoryProtocol", "FactorySpec",
                "IO",
                "JSON", "SQLite",
            ]),
        tests(
            "Execution",
            [
                "FactoryExecution", "FactoryProtocol", "FactorySpec", "Processes", "IO", "JSON", "Crypto", "CLinux",
            ]),
        tests(
            "Images",
            [
                "FactoryImages", "FactoryExecution", "FactoryProtocol", "FactorySpec", "FactoryStore", "Archive",
                "Processes", "Crypto", "IO", "JSON", "CLinux",
            ]),
        tests(
            "Conversion",
            [
                "FactoryConversion", "FactoryImages", "FactoryExecution", "FactoryProtocol", "FactorySpec",
                "Processes", "Crypto", "IO", "JSON",
            ]),
        tests(
            "Artifacts",
            [
                "FactoryArtifacts", "FactoryImages", "FactoryExecution", "FactoryProtocol", "FactorySpec",
                "Archive", "Processes", "Crypto", "IO", "JSON",
            ]),
        tests("Client", ["FactoryClient", "FactoryProtocol", "IO", "HTTP", "Crypto"]),
        tests(
            "WorkerAgent",
            [
                "factory-worker", "FactoryWire", "FactoryProtocol", "FactorySpec", "FactoryExecution", "Processes",
                "Arguments", "Systemd",
                "HTTP", "Crypto", "IO", "JSON",
            ]),
        tests(
            "factoryctl",
            ["factoryctl", "Arguments", "Terminal", "FactoryClient", "FactoryProtocol", "FactorySpec", "JSON", "IO"]),
        tests(
            "Factoryd",
            ["factoryd", "FactoryWire", "FactoryProtocol", "Processes", "SQLite", "IO", "JSON"]),
        tests("Migrations", ["FactoryMigrations"]),
        tests("Architecture", ["JSON", "Processes", "IO"]),
        tests(
            "EndToEnd",
            [
                "FactoryProtocol", "FactorySpec", "FactoryClient", "FactoryExecution", "Processes", "IO", "JSON",
                "HTTP", "Crypto", "SQLite", "FactoryWire",
            ]),
    ]
)
