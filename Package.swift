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
    .target(name: "Compute", dependencies: ["COpenBLAS"], swiftSettings: swift),
    .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .target(name: "Collectives", dependencies: ["Compute", "COpenMPI"], swiftSettings: swift),
    .testTarget(name: "ComputeTests", dependencies: ["Compute"], swiftSettings: swift),
    .target(name: "MPILaunch", path: "Tests/MPILaunch", swiftSettings: swift),
    .executableTarget(
      name: "collectives-check", dependencies: ["Collectives", "Compute", "COpenMPI"],
      path: "Tests/MPIPrograms/CollectivesCheck", swiftSettings: swift),
    .testTarget(
      name: "CollectivesTests", dependencies: ["Collectives", "Compute", "MPILaunch", "collectives-check"],
      swiftSettings: swift),
  ]
)
