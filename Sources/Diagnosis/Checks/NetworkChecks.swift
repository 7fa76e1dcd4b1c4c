extension SystemFiles {
  /// Whether a network of this machine alone may be taken for a way to other hosts. Open MPI tries every interface that is up:
  /// the bridges of container engines have the same address on all hosts, so that ranks wait for themselves for ever.
  ///
  /// - Parameter environment: of this process, where Open MPI's settings are.
  func interfaces(environment: [String: String]) -> Finding {
    let subject = "network"
    let names = names("/sys/class/net").filter { $0 != "lo" && exists("/sys/class/net/\($0)/operstate") }
    if let value = environment["OMPI_MCA_btl_tcp_if_include"] {
      return .ok(subject, "Open MPI is told its interfaces (btl_tcp_if_include \(value))")
    }
    let local = names.filter { name in localOnly.contains { name.hasPrefix($0) } }
    if let value = environment["OMPI_MCA_btl_tcp_if_exclude"] { return exclusion(value, of: local) }
    let others = names.filter { !local.contains($0) && text("/sys/class/net/\($0)/operstate") != "down" }
    guard !local.isEmpty else {
      return .ok(subject, others.isEmpty ? "no interface but the loopback" : others.joined(separator: ", "))
    }
    let good = others.first { exists("/sys/class/net/\($0)/device") } ?? others.first ?? "eth0"
    return .warning(
      subject,
      "\(local.joined(separator: ", ")) \(local.count == 1 ? "is" : "are") of this machine alone, and ranks of several hosts that "
        + "try to meet there wait for ever",
      do: "name the interface that leads to the other hosts: launch/cluster --interface \(good), or export "
        + "OMPI_MCA_btl_tcp_if_include=\(good) OMPI_MCA_oob_tcp_if_include=\(good)")
  }

  /// Whether all bridges of this machine alone are among what Open MPI is told to leave out.
  ///
  /// - Parameters:
  ///   - value: names of interfaces, and networks such as 127.0.0.0/8, with commas between.
  ///   - local: the names of the bridges.
  private func exclusion(_ value: String, of local: [String]) -> Finding {
    let left = value.split { $0 == "," || $0 == " " }.map(String.init)
    // A network other than the loopback's may be that of a bridge.
    let mayCoverAll = left.contains { $0.contains("/") && !$0.hasPrefix("127.") }
    let missing = local.filter { !left.contains($0) }
    guard !missing.isEmpty, !mayCoverAll else {
      return .ok("network", "Open MPI is told its interfaces (btl_tcp_if_exclude \(value))")
    }
    let all = (left + missing).joined(separator: ",")
    return .warning(
      "network",
      "\(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") of this machine alone and not in "
        + "btl_tcp_if_exclude (\(value)), and ranks of several hosts that try to meet there wait for ever",
      do: "export OMPI_MCA_btl_tcp_if_exclude=\(all) OMPI_MCA_oob_tcp_if_exclude=\(all)")
  }
}

/// How the names of bridges begin that container engines and virtual machines make.
private let localOnly = ["docker", "virbr", "br-", "cni", "lxdbr", "lxcbr", "podman", "vmnet", "vboxnet"]
