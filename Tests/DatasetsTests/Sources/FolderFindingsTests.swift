import Datasets
import Foundation
import Glibc
import Imaging
import Testing

@Suite struct FolderFindingsTests {
  @Test func whatIsPassedOverIsCounted() throws {
    let folder = try ScratchFolder()
    for name in [
      "a/1.png", "a/1.txt", "a/2.TXT", "a/notes", "b/1.jpe", "b/2.JFIF", "b/3.tiff", "b/4.webp", "b/5.bmp",
      "a/@eaDir/1.png/THUMB.jpg", "__MACOSX/a/1.png", "$RECYCLE.BIN/x.png", "lost+found/y.png", "a/.DS_Store",
    ] { try folder.write([], to: name) }
    let source = try openSource(at: folder.path)
    #expect(
      (0..<source.count).map { source.name(of: $0) } == ["a/1.png", "b/1.jpe", "b/2.JFIF", "b/3.tiff", "b/4.webp"])
    #expect(source.notes == ["passed over 4 files that are not named as images: 2 *.txt, 1 *.bmp, 1 others"])
  }

  @Test func classesThatAreNoneAreNamed() throws {
    let folder = try ScratchFolder()
    for name in ["a/1.png", "c/1.png"] { try folder.write([], to: name) }
    try FileManager.default.createDirectory(atPath: folder.path + "/b", withIntermediateDirectories: true)
    #expect(
      try openSource(at: folder.path).notes == [
        "b holds no image and is no class, so later classes have smaller numbers than with it"
      ])
    try folder.write([], to: "preview.jpg")
    let stray = try openSource(at: folder.path)
    #expect(
      stray.notes == [
        "preview.jpg lies beside the folders, so no image has a class; if the folders are classes, move what lies beside "
          + "them away"
      ])
    #expect(stray.classNames == [] && stray.count == 3)
  }

  @Test func partsOfADataSetAreNotTakenForClassesInSilence() throws {
    let folder = try ScratchFolder()
    for name in ["train/a/1.png", "val/a/1.png"] { try folder.write([], to: name) }
    #expect(
      try openSource(at: folder.path).notes == [
        "train and val were taken as a class each, and all their images together; for one part alone, give "
          + "\(folder.path)/train"
      ])
  }

  /// A name is bytes. Those of Latin-1 are no UTF-8, and are opened all the same.
  @Test func namesAreBytes() throws {
    let folder = try ScratchFolder()
    try folder.writePixel(5, to: "plain.png")
    let latin: [UInt8] = Array("\(folder.path)/caf".utf8) + [0xE9]
    let cString = { (bytes: [UInt8]) in (bytes + [0]).map { CChar(bitPattern: $0) } }
    #expect(mkdir(cString(latin), 0o755) == 0)
    #expect(rename("\(folder.path)/plain.png", cString(latin + Array("/\n.png".utf8))) == 0)
    try folder.writePixel(6, to: "tea/naïve.png")
    let source = try openSource(at: folder.path)
    #expect((0..<2).map { source.name(of: $0) } == ["caf\\xe9/\\x0a.png", "tea/naïve.png"])
    #expect(source.classNames == ["caf\\xe9", "tea"])
    #expect(try (0..<2).map { try source.image(at: $0).pixels } == [[5], [6]])
    #expect(source.identity().count == 2)
  }
}
