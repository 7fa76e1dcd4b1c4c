#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Room for a message of libpng, its closing zero included.
enum { CPNG_MESSAGE_SIZE = 256 };

typedef struct {
  uint32_t width;
  uint32_t height;
  /// 1 (grey), 3 (RGB) or 4 (RGB and alpha): what `cpng_decode` will write for each pixel.
  int32_t channels;
  /// 8 or 16: of a sample that `cpng_decode` will write.
  int32_t bits;
} cpng_header;

/// Reads the size of the PNG file that lies in memory, and takes no memory for its pixels.
/// On failure returns false and leaves the reason in `message`.
bool cpng_read_header(const uint8_t *bytes, size_t count, cpng_header *header, char *message);

/// Writes height × width × channels samples to `pixels`: palettes looked up, 1-, 2- and 4-bit grey widened,
/// 16-bit samples in the machine's byte order, grey with transparency as RGB with alpha. Gamma is left as it is.
/// A file whose pixels are all there is taken although it may end before it should; a wrong checksum is a failure.
bool cpng_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message);

/// Encodes height × width × channels bytes (1 grey or 3 RGB). On success `*encoded` is the file, `*encoded_count`
/// bytes that the caller must `free`.
bool cpng_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int32_t channels, uint8_t **encoded,
    size_t *encoded_count, char *message);
