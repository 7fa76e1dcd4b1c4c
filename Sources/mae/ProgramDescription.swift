import Training

/// The version, and the commit that the program was built from where it was built in a clone: `0.1.0 (1a2b3c4d5e6f)`. The
/// commit is written by the plugin in Sources/CommitPlugin at each build.
let programDescription = builtFromCommit.isEmpty ? programVersion : "\(programVersion) (\(builtFromCommit))"
