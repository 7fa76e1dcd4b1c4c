import Compute
import Testing

@Suite struct OpenedLibraryTests {
  @Test("a library that is not there is a sentence with the package that has it")
  func missing() {
    let error = #expect(throws: LibraryError.self) { try OneDNN(library: "/no/such/folder/libdnnl.so.2") }
    #expect(
      error?.description
        == "cannot open /no/such/folder/libdnnl.so.2: /no/such/folder/libdnnl.so.2: cannot open shared object file: "
        + "No such file or directory; install the package libdnnl2")
  }

  @Test("a library without one of the functions is a sentence that names it")
  func withoutTheFunction() {
    let error = #expect(throws: LibraryError.self) { try OneDNN(library: "libm.so.6") }
    #expect(
      error?.description
        == "cannot open libm.so.6: it has no function dnnl_gemm_bf16bf16f32; install the package libdnnl2")
  }

  @Test func theRightOneIsOpened() throws {
    let library = try OneDNN(library: "libdnnl.so.2")
    #expect(library.multiplies == library.kernel.hasPrefix(OneDNN.prefix))
    #expect(try BFloat16.openProducts() == library.kernel)
  }
}
