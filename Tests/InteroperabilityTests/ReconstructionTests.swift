import Datasets
import Evaluation
import Foundation
import Imaging
import Interoperability
import MPILaunch
import MaskedAutoencoder
import Pretraining
import Testing
import VisionTransformer

/// `mae reconstruct`: what it does about images that cannot be used, and about its output.
@Suite struct ReconstructionTests {
  private func images(broken: [String], in folder: TemporaryFolder) throws -> String {
    let path = folder("images")
    try FileManager.default.copyItem(atPath: fixture("images"), toPath: path)
    for name in broken { try Data("no image".utf8).write(to: URL(filePath: "\(path)/\(name)")) }
    return path
  }

  private func reconstruct(
    _ images: String, allowedFraction: Double, told: Told = Told()
  ) throws -> Reconstructions {
    let source = try openSource(at: images)
    return try TrainedModel.importing(fixture("hf")).model.reconstruct(
      source, count: source.count, seed: 3,
      badImages: BadImagePolicy(allowedFraction: allowedFraction) { told.names.append($0.name) })
  }

  /// Which patches are removed is asked for or the model's own; grey where they were is one value.
  @Test func removesPatchesAsAskedFor() throws {
    let source = try openSource(at: fixture("images"))
    let model = try TrainedModel.importing(fixture("hf")).model
    func masked(_ masking: Masking?) throws -> [Image] {
      try model.reconstruct(
        source, count: 11, masking: masking, seed: 3, badImages: BadImagePolicy(allowedFraction: 0) { _ in }
      ).images.map(\.masked)
    }
    #expect(try masked(nil) == masked(.random))
    #expect(try masked(.block) != masked(.random))
  }

  /// Any share of the patches may be removed, whatever the model was trained with: patches are grey where they were removed
  /// and nowhere else, and come from the image and from the painting where two are pasted together.
  @Test(arguments: [0.3, 0.75, 0.9]) func removesAsManyPatchesAsAskedFor(ratio: Double) throws {
    let source = try openSource(at: fixture("images"))
    let model = try TrainedModel.importing(fixture("hf")).model
    let result = try model.reconstruct(
      source, count: 11, maskRatio: ratio, seed: 3, badImages: BadImagePolicy(allowedFraction: 0) { _ in })
    let patches = model.configuration.model.patches
    let removed = patches.count - Int(Double(patches.count) * (1 - ratio))
    for image in result.images {
      let isRemoved = (0..<patches.count).map { patch in
        pixels(of: patch, in: patches, image.masked).allSatisfy { $0 == 128 }
      }
      #expect(isRemoved.count { $0 } == removed)
      for patch in 0..<patches.count {
        func of(_ tile: Image) -> [UInt8] { pixels(of: patch, in: patches, tile) }
        #expect(of(image.pasted) == of(isRemoved[patch] ? image.reconstruction : image.original))
        if !isRemoved[patch] { #expect(of(image.masked) == of(image.original)) }
      }
    }
    #expect(result.images.contains { $0.reconstruction != $0.pasted })
    let gallery = result.gallery("After step 7")
    #expect(gallery.width > 4 * source.count && gallery.height > gallery.width / 2)
  }

  private func pixels(of patch: Int, in patches: PatchGrid, _ image: Image) -> [UInt8] {
    let side = patches.patchSize
    let (top, left) = (patch / patches.grid.width * side, patch % patches.grid.width * side)
    var pixels: [UInt8] = []
    for row in top..<top + side {
      for column in left..<left + side {
        for channel in 0..<image.channels { pixels.append(image[row: row, column: column, channel: channel]) }
      }
    }
    return pixels
  }

  @Test func leavesOutImagesThatCannotBeUsed() throws {
    let folder = try TemporaryFolder()
    let whole = try reconstruct(fixture("images"), allowedFraction: 0)
    let told = Told()
    let path = try images(broken: ["04.png"], in: folder)
    let rest = try reconstruct(path, allowedFraction: 0.1, told: told)
    #expect(told.names == ["04.png"])
    var images = whole.images
    images.remove(at: 4)
    #expect(rest.images == images, "no other image stands in for it, and the masks of the others stay")
    #expect(rest.loss != whole.loss && abs(rest.loss - whole.loss) < whole.loss)
    let sentence = try sentence { try reconstruct(path, allowedFraction: 0.05) }
    #expect(sentence.contains("1 of the 11 images or more cannot be used"))
  }

  /// The command: a name that is no PNG's, a file that is there, a bad image, targets that are normalised.
  @Test func saysWhatItDoes() throws {
    let folder = try TemporaryFolder()
    let mae = try MPILaunch.builtProgram("mae")
    try TrainedModel.importing(fixture("hf")).model.saveRun(to: folder("run"))
    let images = try images(broken: ["04.png"], in: folder)
    func run(_ output: String, _ more: [String] = []) throws -> MPILaunch.Outcome {
      try MPILaunch.run(
        mae, ["reconstruct", "--checkpoint", folder("run"), "--data", images, "--output", folder(output)] + more,
        ranks: nil)
    }
    let jpeg = try run("a.jpg")
    #expect(jpeg.exitCode == 2 && jpeg.errorOutput.contains("give it a name that ends in .png"))
    #expect(!FileManager.default.fileExists(atPath: folder("a.jpg")))

    let grid = try run("a.png", ["--masking", "grid"])
    #expect(grid.exitCode == 2 && grid.errorOutput.contains("squares of no size leave 6 of 4 x 4 patches visible"))
    let unknown = try run("a.png", ["--masking", "stripes"])
    #expect(unknown.exitCode == 2 && unknown.errorOutput.contains("random, block"))

    let everything = try run("a.png", ["--mask-ratio", "1"])
    #expect(everything.exitCode == 2 && everything.errorOutput.contains("name a share between 0 and 1"))
    let nothing = try run("a.png", ["--mask-ratio", "0.99"])
    #expect(nothing.exitCode == 2 && nothing.errorOutput.contains("at least one must be visible and one removed"))

    let strict = try run("a.png", ["--max-bad-fraction", "0"])
    #expect(strict.exitCode == 1 && strict.errorOutput.contains("nothing was written"))
    #expect(!FileManager.default.fileExists(atPath: folder("a.png")))

    let painted = try run("a.png")
    #expect(painted.exitCode == 0, "\(painted.errorOutput)")
    #expect(painted.errorOutput.contains("left out: ") && painted.errorOutput.contains("04.png"))
    #expect(painted.errorOutput.contains("warning: 1 of 11 images cannot be used and were left out"))
    #expect(painted.output.contains("over 10 images"))
    #expect(painted.output.contains("true mean and deviation"))

    let before = try Data(contentsOf: URL(filePath: folder("a.png")))
    let again = try run("a.png", ["--seed", "9"])
    #expect(again.exitCode == 2 && again.errorOutput.contains("exists already and is not overwritten"))
    #expect(try Data(contentsOf: URL(filePath: folder("a.png"))) == before)
  }
}
