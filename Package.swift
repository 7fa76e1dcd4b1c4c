// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// The instruction set that everything is built for. `native` is this machine's CPU; set `MAE_CPU` (for
/// example to `x86-64-v3`) when one binary serves a cluster of different nodes.
let cpu = ProcessInfo.processInfo.environment["MAE_CPU"] ?? "native"

let swift: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=\(cpu)"])]

let package = Package(
  name: "SwiftMAE",
  dependencies: [
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2")
  ],
  targets: [
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .target(name: "Compute", dependencies: ["COpenBLAS"], swiftSettings: swift),
    .testTarget(name: "ComputeTests", dependencies: ["Compute"], swiftSettings: swift),
    .target(name: "Configuration", dependencies: ["Yams"], swiftSettings: swift),
    .testTarget(name: "ConfigurationTests", dependencies: ["Configuration"], swiftSettings: swift),
    .target(name: "Reporting", swiftSettings: swift),
    .testTarget(
      name: "ReportingTests", dependencies: ["Reporting"], resources: [.copy("Fixtures")], swiftSettings: swift),
  ]
)
