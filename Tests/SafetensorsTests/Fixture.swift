import Foundation

func fixture(_ name: String) -> String {
  Bundle.module.bundlePath + "/Fixtures/\(name)"
}
