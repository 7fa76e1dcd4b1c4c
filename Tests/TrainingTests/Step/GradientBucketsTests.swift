import Collectives
import MaskedAutoencoder
import Parameters
import Testing
import Training
import VisionTransformer

struct GradientBucketsTests {
  private func table(_ encoder: TransformerConfiguration, _ decoder: TransformerConfiguration) -> ParameterTable {
    var model = ModelConfiguration()
    model.encoder = encoder
    model.decoder = decoder
    return MaskedAutoencoder(model).table
  }

  /// A model of one small bucket, one of some, and ViT-B.
  private var tables: [ParameterTable] {
    [
      table(.init(width: 32, depth: 1, heads: 2), .init(width: 16, depth: 1, heads: 2)),
      table(.init(width: 384, depth: 6, heads: 6), .init(width: 256, depth: 4, heads: 8)),
      table(.init(), .init(width: 512, depth: 8, heads: 16)),
    ]
  }

  @Test func everyFloatCrossesOnceInTheOrderOfBackward() {
    for table in tables {
      let buckets = GradientBuckets(table)
      var end = table.arenaCount
      for group in table.groups.indices.reversed() {
        guard let bucket = buckets.completed(by: group) else { continue }
        #expect(bucket.upperBound == end)
        // A bucket crosses when its last group is there, not before and not later; ranks can divide it.
        #expect(bucket.lowerBound >= table.groups[group].range.lowerBound)
        #expect(bucket.lowerBound < table.groups[group].range.lowerBound + ownershipAlignment)
        #expect(bucket.lowerBound.isMultiple(of: ownershipAlignment))
        end = bucket.lowerBound
      }
      #expect(buckets.ranges == table.groups.indices.reversed().compactMap { buckets.completed(by: $0) })
      #expect(end == 0)
    }
  }

  @Test func theFirstIsSmallAndTheOthersAreLarge() {
    for table in tables {
      let buckets = GradientBuckets(table)
      let counts = table.groups.indices.reversed().compactMap { buckets.completed(by: $0)?.count }
      let largest = table.largestGroupCount
      for (index, count) in counts.enumerated() {
        let least = index == 0 ? GradientBuckets.floatCount / 8 : GradientBuckets.floatCount
        // It is full with the group that fills it; what is left in the end may be less.
        #expect(count < least + largest + ownershipAlignment)
        #expect(index == counts.count - 1 || count >= least)
      }
    }
    let vitB = tables[2]
    #expect(vitB.groups.indices.filter { GradientBuckets(vitB).completed(by: $0) != nil }.count > 8)
  }
}
