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
} cjpeg_header;

/// Reads the size of the JPEG file that lies in memory, and takes no memory for its pixels.
/// On failure returns false and leaves the reason in `message`.
bool cjpeg_read_header(const uint8_t *bytes, size_t count, cjpeg_header *header, char *message);

/// Writes height × width × channels bytes to `pixels`. A file that ends early, or whose coded data is
/// damaged, is a failure, although libjpeg itself would only warn and invent the rest.
bool cjpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message);

/// Encodes height × width × channels bytes (1 grey or 3 RGB). On success `*encoded` is the file, `*encoded_count` bytes
/// that the caller must `free`.
bool cjpeg_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int32_t channels, int32_t quality, uint8_t **encoded,
    size_t *encoded_count, char *message);
