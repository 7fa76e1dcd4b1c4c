import Testing

@testable import Reporting

struct RunSettingTests {
  @Test func settingsAreTheLinesOfTheFile() {
    let yaml = """
      model:  # the masked autoencoder
        image_size: 28        # in pixels (a whole number, at least 1)
        encoder:  # sees
          width: 96  # features of a token (a whole number, at least 1)
        norm_pix: false  # patches (of mean 0) and deviation 1 (true or false)

      data:
        path: "a  # b: c"  # where (text)
        mean: [0.5, 0.25]
      odd
      """
    #expect(
      RunSetting.settings(of: yaml) == [
        RunSetting(name: "model.image_size", value: "28", documentation: "in pixels"),
        RunSetting(name: "model.encoder.width", value: "96", documentation: "features of a token"),
        RunSetting(
          name: "model.norm_pix", value: "false", documentation: "patches (of mean 0) and deviation 1"),
        RunSetting(name: "data.path", value: "\"a  # b: c\"", documentation: "where"),
        RunSetting(name: "data.mean", value: "[0.5, 0.25]", documentation: ""),
      ])
  }
}
