import Compute
import Datasets
import Imaging
import Testing

struct CropCase: Decodable {
  let width: Int
  let height: Int
  let scale: ClosedRange<Double>
  let ratio: ClosedRange<Double>
  let seed: UInt64
  let epoch: Int
  let sample: Int
  let box: [Int]
}

@Suite struct RandomResizedCropTests {
  /// 200 boxes, a quarter of them at full scale, where most end in the central fallback.
  @Test func boxesAreThoseOfTorchvision() throws {
    let cases: [CropCase] = try Fixture.cases("crops.json")
    #expect(cases.count == 200)
    for item in cases {
      var stream = RandomStream(seed: item.seed, purpose: .crop, epoch: item.epoch, sample: item.sample)
      let box = randomCrop(
        imageWidth: item.width, imageHeight: item.height, scale: item.scale, ratio: item.ratio, stream: &stream)
      #expect([box.left, box.top, box.width, box.height] == item.box, "\(item)")
    }
  }

  @Test func aImageOutOfProportionGivesItsCentre() {
    // No crop of full area and of ratio 1 fits into 10 × 100.
    var stream = RandomStream(seed: 1, purpose: .crop)
    let tall = randomCrop(imageWidth: 10, imageHeight: 100, scale: 1...1, ratio: 1...1, stream: &stream)
    #expect(tall == PixelRectangle(left: 0, top: 45, width: 10, height: 10))
    let wide = randomCrop(imageWidth: 100, imageHeight: 9, scale: 1...1, ratio: 1...2, stream: &stream)
    #expect(wide == PixelRectangle(left: 41, top: 0, width: 18, height: 9))
  }
}
