// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// The instruction set that everything is built for. `native` is this machine's CPU; set `MAE_CPU` (for
/// example to `x86-64-v3`) when one binary serves a cluster of different nodes.
let cpu = ProcessInfo.processInfo.environment["MAE_CPU"] ?? "native"

let swift: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=\(cpu)"])]

let package = Package(
  name: "SwiftMAE",
  targets: [
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "CPNG", linkerSettings: [.linkedLibrary("png16")]),
    .target(name: "Compute", dependencies: ["COpenBLAS"], swiftSettings: swift),
    .target(name: "Imaging", dependencies: ["CJPEG", "CPNG"], swiftSettings: swift),
    .target(name: "Datasets", dependencies: ["Compute", "CZlib", "Imaging"], swiftSettings: swift),
    .testTarget(name: "ComputeTests", dependencies: ["Compute"], swiftSettings: swift),
    .testTarget(
      name: "ImagingTests", dependencies: ["Imaging"], resources: [.copy("Fixtures")], swiftSettings: swift),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Compute", "Datasets", "Imaging"], resources: [.copy("Fixtures")],
      swiftSettings: swift),
  ]
)
