/// The parameters of a model of which a part is trained: those that are, and those that stay as they were given.
///
/// Each has an arena. A place says which of the two it lies in: the frozen arena's addresses begin at
/// ``SplitTables/frozenAddress``, far behind any trained parameter's.
public struct SplitTables: Sendable {
  public static let frozenAddress = 1 << 48

  public var trained: ParameterTable
  public var frozen = ParameterTable(firstAddress: frozenAddress)

  public init(trained: ParameterTable = ParameterTable()) {
    self.trained = trained
  }

  public subscript(isTrained isTrained: Bool) -> ParameterTable {
    get { isTrained ? trained : frozen }
    set {
      if isTrained { trained = newValue } else { frozen = newValue }
    }
  }
}
