/// The version that checkpoints and reports name.
public let programVersion = "0.1.0"
