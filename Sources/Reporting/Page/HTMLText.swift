/// Text inside a page.
enum HTMLText {
  /// With everything replaced that HTML would take for markup, in content and in quoted attributes.
  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
  }

  /// The same, and lines may end behind dots, slashes and underscores: where names and paths can be broken and still be read.
  static func breakable(_ text: String) -> String {
    escaped(text).replacing(".", with: ".<wbr>").replacing("/", with: "/<wbr>").replacing("_", with: "_<wbr>")
  }
}
