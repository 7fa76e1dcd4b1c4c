import Glibc

/// A library that is opened while the program runs, so that one that is missing is a sentence, and only where it is needed.
/// It stays open as long as the process lives.
struct OpenedLibrary: @unchecked Sendable {
  let name: String
  /// The Debian package that has it.
  private let package: String
  private let handle: UnsafeMutableRawPointer

  /// - Parameter name: a file name that the loader looks for, or a path.
  init(_ name: String, package: String) throws(LibraryError) {
    guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
      throw LibraryError(library: name, reason: String(cString: dlerror()), package: package)
    }
    self.name = name
    self.package = package
    self.handle = handle
  }

  /// A function of the library, or of one that it was linked with.
  ///
  /// - Parameter type: that of a pointer to the function, as a C header gives it.
  func function<Function>(_ symbol: String, _ type: Function.Type) throws(LibraryError) -> Function {
    guard let address = dlsym(handle, symbol) else {
      throw LibraryError(library: name, reason: "it has no function \(symbol)", package: package)
    }
    return unsafeBitCast(address, to: type)
  }
}

/// A library that products need could not be opened.
public struct LibraryError: Error, Equatable, CustomStringConvertible {
  public let library: String
  public let reason: String
  /// The Debian package that has it.
  public let package: String

  public var description: String { "cannot open \(library): \(reason); install the package \(package)" }
}
