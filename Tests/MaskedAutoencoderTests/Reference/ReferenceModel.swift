import Foundation
import MaskedAutoencoder

/// The masked autoencoder as the paper tells it, in plain loops and double precision (He et al. 2022, §3).
///
/// It takes none of the product's shortcuts: tokens stay in the order of the image, the decoder works for all of them in
/// every block and predicts every patch, and the mask picks out of the loss what counts. One image at a time, no batch.
struct ReferenceModel {
  let model: ModelConfiguration
  /// By the authors' names.
  var parameters: [String: [Double]]
  /// Errs in every operation.
  var rounding = RoundingNoise.none
  /// Errs once in each value that the product keeps in bfloat16, or whose gradient it hands on in bfloat16, in mixed
  /// precision: patches, and what linear layers, norms, GELU and attention (scores, probabilities, output) give.
  var storing = RoundingNoise.none

  typealias Tokens = [[Double]]

  /// The mean over the removed patches of all images, times the number of images.
  ///
  /// - Parameters:
  ///   - images: each C·H·W values, plane after plane.
  ///   - noise: of each image, [L].
  mutating func loss(images: [[Double]], noise: [[Float]]) -> Double {
    var (sum, removed) = (0.0, 0.0)
    for (image, noise) in zip(images, noise) {
      let mask = mask(noise: noise)
      let predictions = decode(encode(image, mask: mask), mask: mask)
      for patch in mask.indices where mask[patch] {
        let target = target(image, patch: patch)
        var squares = 0.0
        for (prediction, value) in zip(predictions[patch], target) {
          let difference = rounding.round(prediction - value)
          squares = rounding.round(squares + difference * difference)
        }
        sum += squares / Double(target.count)
        removed += 1
      }
    }
    return sum / removed * Double(images.count)
  }

  /// True where a patch is removed: all but the int(L·(1 − ratio)) of lowest noise.
  func mask(noise: [Float]) -> [Bool] {
    let kept = Int(Double(noise.count) * (1 - model.maskRatio))
    return noise.indices.map { patch in
      let before = noise.indices.count { noise[$0] < noise[patch] || (noise[$0] == noise[patch] && $0 < patch) }
      return before >= kept
    }
  }

  // MARK: Encoder and decoder

  /// The cls token and the visible patches, in the image's order.
  mutating func encode(_ image: [Double], mask: [Bool]) -> Tokens {
    let width = model.encoder.width
    let (weight, bias) = (parameters["patch_embed.proj.weight"]!, parameters["patch_embed.proj.bias"]!)
    var tokens = [parameters["cls_token"]!]
    for patch in mask.indices where !mask[patch] {
      let values = pixels(image, patch)
      var token = position(of: patch, width: width)
      for output in 0..<width {
        var value = rounding.round(token[output] + bias[output])
        for index in values.indices {
          value = rounding.round(value + weight[output * values.count + index] * values[index])
        }
        token[output] = storing.round(value)
      }
      tokens.append(token)
    }
    for index in 0..<model.encoder.depth { tokens = block("blocks.\(index)", tokens, heads: model.encoder.heads) }
    return norm("norm", tokens)
  }

  /// The predictions of all patches, values in the order (row, column, channel).
  mutating func decode(_ latent: Tokens, mask: [Bool]) -> Tokens {
    let embedded = linear("decoder_embed", latent)
    var visible = embedded.dropFirst()
    var tokens = [embedded[0]]
    for patch in mask.indices {
      let token = mask[patch] ? parameters["mask_token"]! : visible.removeFirst()
      tokens.append(add(token, position(of: patch, width: model.decoder.width)))
    }
    for index in 0..<model.decoder.depth {
      tokens = block("decoder_blocks.\(index)", tokens, heads: model.decoder.heads)
    }
    return Array(linear("decoder_pred", norm("decoder_norm", tokens)).dropFirst())
  }

  // MARK: Layers

  private mutating func block(_ name: String, _ input: Tokens, heads: Int) -> Tokens {
    let normalized = linear(name + ".attn.qkv", norm(name + ".norm1", input))
    let attended = linear(name + ".attn.proj", attention(normalized, heads: heads))
    let middle = input.indices.map { add(input[$0], attended[$0]) }
    var hidden = linear(name + ".mlp.fc1", norm(name + ".norm2", middle))
    for token in hidden.indices {
      for index in hidden[token].indices { hidden[token][index] = storing.round(gelu(hidden[token][index])) }
    }
    let output = linear(name + ".mlp.fc2", hidden)
    return middle.indices.map { add(middle[$0], output[$0]) }
  }

  private mutating func linear(_ name: String, _ input: Tokens) -> Tokens {
    let (weight, bias) = (parameters[name + ".weight"]!, parameters[name + ".bias"]!)
    return input.map { row in
      bias.indices.map { output in
        var value = bias[output]
        for index in row.indices { value = rounding.round(value + weight[output * row.count + index] * row[index]) }
        return storing.round(value)
      }
    }
  }

  private mutating func norm(_ name: String, _ input: Tokens) -> Tokens {
    let (weight, bias) = (parameters[name + ".weight"]!, parameters[name + ".bias"]!)
    return input.map { row in
      let count = Double(row.count)
      let mean = rounding.round(row.reduce(0) { rounding.round($0 + $1) } / count)
      let centered = row.map { rounding.round($0 - mean) }
      let variance = rounding.round(centered.reduce(0) { rounding.round($0 + $1 * $1) } / count)
      let deviation = rounding.round(rounding.round(variance + model.layerNormEpsilon).squareRoot())
      return row.indices.map {
        storing.round(rounding.round(rounding.round(centered[$0] / deviation) * weight[$0] + bias[$0]))
      }
    }
  }

  /// - Parameter input: query, key and value of each token, one after another.
  private mutating func attention(_ input: Tokens, heads: Int) -> Tokens {
    let width = input[0].count / 3
    let headWidth = width / heads
    var output = Tokens(repeating: Array(repeating: 0, count: width), count: input.count)
    for start in stride(from: 0, to: width, by: headWidth) {
      for query in input.indices {
        let scores = input.indices.map { key in
          var score = 0.0
          for index in start..<start + headWidth {
            score = rounding.round(score + input[query][index] * input[key][width + index])
          }
          return storing.round(rounding.round(score / Double(headWidth).squareRoot()))
        }
        let top = scores.max()!
        let powers = scores.map { rounding.fitted(exp(rounding.round($0 - top)), units: 2.6) }
        let sum = powers.reduce(0) { rounding.round($0 + $1) }
        let probabilities = powers.map { storing.round(rounding.round($0 / sum)) }
        for index in start..<start + headWidth {
          var value = 0.0
          for key in input.indices {
            value = rounding.round(value + probabilities[key] * input[key][2 * width + index])
          }
          output[query][index] = storing.round(value)
        }
      }
    }
    return output
  }

  /// x·Φ(x); the kernel computes the tail of Φ to (15 + x²/2) units.
  private mutating func gelu(_ x: Double) -> Double {
    let tail = rounding.fitted(erfc(abs(x) / 2.0.squareRoot()) / 2, units: 15 + x * x / 2)
    return rounding.round(x * (x < 0 ? tail : rounding.round(1 - tail)))
  }

  private mutating func add(_ a: [Double], _ b: [Double]) -> [Double] {
    zip(a, b).map { rounding.round($0 + $1) }
  }

  // MARK: Images

  private func pixel(_ image: [Double], _ patch: Int, _ channel: Int, _ y: Int, _ x: Int) -> Double {
    let (row, column) = patch.quotientAndRemainder(dividingBy: model.imageSize.width / model.patchSize)
    let (imageRow, imageColumn) = (row * model.patchSize + y, column * model.patchSize + x)
    return image[(channel * model.imageSize.height + imageRow) * model.imageSize.width + imageColumn]
  }

  /// A patch's values in the order (channel, row, column).
  private mutating func pixels(_ image: [Double], _ patch: Int) -> [Double] {
    var values: [Double] = []
    for channel in 0..<model.channels {
      for y in 0..<model.patchSize {
        for x in 0..<model.patchSize { values.append(storing.round(pixel(image, patch, channel, y, x))) }
      }
    }
    return values
  }

  private mutating func target(_ image: [Double], patch: Int) -> [Double] {
    var values: [Double] = []
    for y in 0..<model.patchSize {
      for x in 0..<model.patchSize {
        for channel in 0..<model.channels { values.append(pixel(image, patch, channel, y, x)) }
      }
    }
    guard model.normalizesPixels else { return values }
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    // The product computes mean and deviation in double precision and rounds each of them once.
    let (roundedMean, deviation) = (rounding.round(mean), rounding.round((variance + 1e-6).squareRoot()))
    return values.map { rounding.round(rounding.round($0 - roundedMean) / deviation) }
  }

  /// [sin ωx, cos ωx, sin ωy, cos ωy], ω from 1 down to nearly 1/10000.
  private mutating func position(of patch: Int, width: Int) -> [Double] {
    let columns = model.imageSize.width / model.patchSize
    let quarter = width / 4
    return (0..<width).map { index in
      let frequency = pow(10_000, -Double(index % quarter) / Double(quarter))
      let angle = Double(index < width / 2 ? patch % columns : patch / columns) * frequency
      return rounding.round(index / quarter % 2 == 0 ? sin(angle) : cos(angle))
    }
  }
}
