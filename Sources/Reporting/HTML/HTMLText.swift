/// Text inside a page.
enum HTMLText {
  /// With everything replaced that HTML would take for markup, in content and in quoted attributes.
  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
  }
}
