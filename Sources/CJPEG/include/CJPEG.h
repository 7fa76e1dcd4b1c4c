#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Room for a message of libjpeg, its closing zero included.
enum { CJPEG_MESSAGE_SIZE = 256 };

typedef struct {
  int32_t width;
  int32_t height;
  /// 1 (grey) or 3 (RGB): what `cjpeg_decode` will write for each pixel.
  int32_t channels;
  /// Whether `cjpeg_decode_area` takes the file: grey, and colours sampled in the usual ways.
  bool has_areas;
} cjpeg_header;

/// A rectangle of pixels.
typedef struct {
  uint32_t left, top, width, height;
} cjpeg_area;

/// Reads the size of the JPEG file that lies in memory, and takes no memory for its pixels.
/// On failure returns false and leaves the reason in `message`.
bool cjpeg_read_header(const uint8_t *bytes, size_t count, cjpeg_header *header, char *message);

/// Writes height × width × channels bytes to `pixels`. A file that ends early, or whose coded data is
/// damaged, is a failure, although libjpeg itself would only warn and invent the rest.
bool cjpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message);

/// Writes height × width × channels bytes of one area of the image to `pixels`, at 1 / `reduction` of its size each way
/// (1, 2, 4 or 8, through a smaller inverse transform); the area is counted in pixels of the reduced image, which has
/// ceil(width / reduction) × ceil(height / reduction). With a reduction of 1 they are the bytes of `cjpeg_decode`. With
/// `reads_all` damage is a failure wherever it lies in the file, as there; without it nothing below the area is looked at.
bool cjpeg_decode_area(
    const uint8_t *bytes, size_t count, uint32_t reduction, cjpeg_area area, bool reads_all, uint8_t *pixels,
    size_t capacity, char *message);

/// Encodes height × width × channels bytes (1 grey or 3 RGB). On success `*encoded` is the file, `*encoded_count` bytes
/// that the caller must `free`.
bool cjpeg_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int32_t channels, int32_t quality, uint8_t **encoded,
    size_t *encoded_count, char *message);
