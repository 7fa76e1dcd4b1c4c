// swift-tools-version: 6.3
import Foundation
import PackageDescription

/// The instruction set that everything is built for. `native` is this machine's CPU; set `MAE_CPU` (for
/// example to `x86-64-v3`) when one binary serves a cluster of different nodes.
let cpu = ProcessInfo.processInfo.environment["MAE_CPU"] ?? "native"

let swift: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=\(cpu)"])]

/// - Parameter testable: whether tests see what is internal to it, in an optimised build too. Not for modules whose code is hot:
///   the compiler keeps what it could else leave out.
func module(
  _ name: String, _ dependencies: [Target.Dependency], path: String? = nil, testable: Bool = false
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: path,
    swiftSettings: swift + (testable ? [.unsafeFlags(["-enable-testing"])] : []))
}

func program(
  _ name: String, _ dependencies: [Target.Dependency], path: String? = nil, plugins: [Target.PluginUsage] = []
) -> Target {
  .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: swift, plugins: plugins)
}

/// - Parameter live: whether the folder `Live` holds scripts that compare with other programs where these are installed.
func tests(
  _ module: String, _ dependencies: [Target.Dependency] = [], fixtures: Bool = false, live: Bool = false
) -> Target {
  .testTarget(
    name: module + "Tests", dependencies: [.byName(name: module)] + dependencies,
    resources: (fixtures ? [.copy("Fixtures")] : []) + (live ? [.copy("Live")] : []), swiftSettings: swift)
}

func debianLibrary(_ name: String, pkgConfig: String, package: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
  name: "SwiftMAE",
  // Programs are products by themselves. This one `launch/soak fuzz` links with libFuzzer.
  products: [.library(name: "Fuzzing", type: .static, targets: ["Fuzzing"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    // Only for `swift package generate-documentation`.
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    // Only its header: the library is opened while the program runs.
    .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    debianLibrary("COpenMPI", pkgConfig: "ompi-c", package: "libopenmpi-dev"),
    debianLibrary("CWebP", pkgConfig: "libwebp", package: "libwebp-dev"),
    debianLibrary("CXXHash", pkgConfig: "libxxhash", package: "libxxhash-dev"),
    debianLibrary("CZlib", pkgConfig: "zlib", package: "zlib1g-dev"),
    .target(name: "CBFloat16"),
    .target(name: "CProcessor"),
    .target(name: "CSignals"),
    .target(name: "CTranspose"),
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "CPNG", linkerSettings: [.linkedLibrary("png16")]),
    .target(name: "CTIFF", linkerSettings: [.linkedLibrary("tiff")]),

    module("Compute", ["CBFloat16", "COneDNN", "COpenBLAS", "CProcessor", "CTranspose"]),
    module("Configuration", ["Files", "Yams"]),
    module("Imaging", ["CJPEG", "CPNG", "CTIFF", "CWebP", "Compute", "Files"], testable: true),
    module("Parameters", ["Compute"]),
    module("VisionTransformer", ["Compute", "Configuration", "Parameters"]),
    module("MaskedAutoencoder", ["Compute", "Configuration", "Parameters", "VisionTransformer"]),
    module("Optimization", ["Compute"]),
    module("Collectives", ["Compute", "COpenMPI"]),
    module("Files", []),
    module("Hashing", ["CXXHash"]),
    module("Safetensors", ["Compute", "Files"]),
    module("Checkpoints", ["Compute", "Files", "Hashing", "Safetensors"]),
    module("Datasets", ["Compute", "CZlib", "Files", "Hashing", "Imaging"], testable: true),
    module("Reporting", ["Compute", "Files", logging], testable: true),
    module(
      "Training",
      [
        "CSignals", "Checkpoints", "Collectives", "Compute", "Configuration", "Datasets", "Files", "Hashing", "Imaging",
        "Optimization", "Parameters", "Reporting", logging,
      ]),
    module(
      "Pretraining",
      [
        "Checkpoints", "Collectives", "Compute", "Configuration", "Datasets", "Evaluation", "Files", "Imaging",
        "MaskedAutoencoder", "Parameters", "Reporting", "Training", "VisionTransformer",
      ], testable: true),
    module(
      "Classification",
      [
        "Checkpoints", "Collectives", "Compute", "Configuration", "Datasets", "Evaluation", "Files", "Imaging",
        "MaskedAutoencoder", "Optimization", "Parameters", "Pretraining", "Reporting", "Training", "VisionTransformer",
      ], testable: true),
    module(
      "Evaluation",
      [
        "Collectives", "Compute", "Datasets", "Files", "Imaging", "Safetensors", "Training", "VisionTransformer",
      ], testable: true),
    module(
      "Benchmarks",
      [
        "Checkpoints", "Collectives", "Compute", "Datasets", "Evaluation", "Files", "Imaging", "MaskedAutoencoder",
        "Pretraining", "Reporting", "Training", "VisionTransformer",
      ]),
    module(
      "Planning",
      [
        "Benchmarks", "Collectives", "Compute", "Datasets", "Imaging", "MaskedAutoencoder", "Parameters", "Pretraining",
        "Reporting", "Training", "VisionTransformer",
      ], testable: true),
    module(
      "Diagnosis",
      [
        "Benchmarks", "CProcessor", "Checkpoints", "Collectives", "Compute", "Datasets", "Files", "Hashing",
        "Pretraining", "Reporting", "Training",
      ], testable: true),
    module(
      "Interoperability",
      [
        "Checkpoints", "Classification", "Compute", "Configuration", "Datasets", "Evaluation", "Files", "Imaging",
        "MaskedAutoencoder", "Optimization", "Parameters", "Pretraining", "Reporting", "Safetensors", "Training",
        "VisionTransformer",
      ]),
    program(
      "mae",
      [
        .product(name: "ArgumentParser", package: "swift-argument-parser"), "Benchmarks", "Checkpoints",
        "Classification", "Collectives", "Compute", "Configuration", "CProcessor", "Datasets", "Diagnosis",
        "Evaluation",
        "Files", "Imaging", "Interoperability", "MaskedAutoencoder", "Planning", "Pretraining", "Reporting", "Training",
      ], plugins: ["CommitPlugin"]),
    .plugin(name: "CommitPlugin", capability: .buildTool(), path: "Sources/CommitPlugin"),

    module("ReferenceArithmetic", [], path: "Tests/ReferenceArithmetic"),
    tests("Compute", ["ReferenceArithmetic"], fixtures: true),
    tests("Optimization", ["Compute", "ReferenceArithmetic"]),
    tests("Configuration"),
    tests("Imaging", ["Compute"], fixtures: true),
    module("TemporaryFiles", [], path: "Tests/TemporaryFiles"),
    tests("Files", ["TemporaryFiles"]),
    tests("Safetensors", ["Compute", "Files", "TemporaryFiles"], fixtures: true),
    tests("Checkpoints", ["Compute", "Files", "Hashing", "Safetensors", "TemporaryFiles"]),
    tests("Datasets", ["Compute", "Files", "Imaging"], fixtures: true),
    tests("Reporting", ["Files", logging], fixtures: true),
    module("Fuzzing", ["Configuration", "Datasets", "Files", "Imaging", "Safetensors"], path: "Tests/Fuzzing"),
    tests("Fuzzing", ["Files", "TemporaryFiles"], fixtures: true),
    tests(
      "Interoperability",
      [
        "Checkpoints", "Classification", "Collectives", "Compute", "Configuration", "Datasets", "Evaluation", "Files",
        "Imaging", "MPILaunch", "MaskedAutoencoder", "Pretraining", "Reporting", "Safetensors", "Training",
        "VisionTransformer",
        "mae",
      ],
      fixtures: true, live: true),
    tests(
      "Evaluation",
      ["Collectives", "Compute", "Datasets", "Files", "Imaging", "Safetensors", "TemporaryFiles"], fixtures: true),
    tests("Pretraining", ["Compute", "MaskedAutoencoder"]),
    tests("VisionTransformer", ["Compute", "Optimization", "Parameters", "Safetensors"], fixtures: true),
    tests(
      "MaskedAutoencoder",
      [
        "Compute", "Configuration", "Optimization", "Parameters", "ReferenceArithmetic", "Safetensors",
        "VisionTransformer",
      ],
      fixtures: true),
    module("MPILaunch", ["Compute"], path: "Tests/MPILaunch"),
    program(
      "collectives-check", ["Collectives", "Compute", "COpenMPI"], path: "Tests/MPIPrograms/CollectivesCheck"),
    tests("Collectives", ["Compute", "MPILaunch", "collectives-check"]),
    .target(name: "CMemoryProbe", path: "Tests/MPIPrograms/CMemoryProbe"),
    program(
      "step-check",
      [
        "CMemoryProbe", "Collectives", "Compute", "Datasets", "Imaging", "MaskedAutoencoder", "Pretraining", "Training",
        "VisionTransformer",
      ],
      path: "Tests/MPIPrograms/StepCheck"),
    tests(
      "Training",
      [
        "Checkpoints", "Collectives", "Compute", "Configuration", "Datasets", "Files", "Imaging", "MaskedAutoencoder",
        "MPILaunch", "Parameters", "Pretraining", "Reporting", "VisionTransformer", "mae", "step-check",
      ],
      fixtures: true),
    tests(
      "Classification",
      ["Compute", "Configuration", "Datasets", "Evaluation", "Imaging", "Parameters", "Training", "VisionTransformer"],
      fixtures: true),
    tests("Diagnosis", ["CProcessor", "Files", "MPILaunch", "TemporaryFiles", "Training", "mae"]),
    tests(
      "Planning",
      ["Datasets", "Imaging", "MPILaunch", "MaskedAutoencoder", "Pretraining", "Training", "VisionTransformer", "mae"]),
    .testTarget(
      name: "DocumentationTests", dependencies: ["MPILaunch", "TemporaryFiles", "mae"], exclude: ["draw_modules.py"],
      swiftSettings: swift
    ),
    .testTarget(
      name: "ClusterTests", dependencies: ["Configuration", "MPILaunch", "Planning", "Pretraining", "Training", "mae"],
      swiftSettings: swift),
  ]
)
