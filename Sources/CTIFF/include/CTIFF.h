#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Room for a message of libtiff, its closing zero included.
enum { CTIFF_MESSAGE_SIZE = 256 };

typedef struct {
  uint32_t width;
  uint32_t height;
  /// Samples of a pixel that `ctiff_decode` will write.
  int32_t channels;
  /// 8 or 16: whole numbers; 32: floats.
  int32_t bits;
  /// Whether the last of four channels says how opaque the pixel is.
  bool has_alpha;
  /// 1 to 8, what the TIFF specification calls Orientation.
  int32_t orientation;
} ctiff_header;

/// Reads what the first image of the TIFF file that lies in memory says of itself, and takes no memory for its pixels.
/// On failure returns false and leaves the reason in `message`.
bool ctiff_read_header(const uint8_t *bytes, size_t count, ctiff_header *header, char *message);

/// Writes height × width × channels samples to `pixels`, `capacity` bytes: strips or tiles, chunky or planar, in the
/// machine's byte order. Whole numbers of 8 and 16 bits stay what they are, signed ones and doubles become floats;
/// palettes, CMYK, YCbCr, Lab and fewer than 8 bits become 8-bit RGB (grey stays grey), as libtiff converts them; colours that
/// were multiplied by their alpha are divided by it.
bool ctiff_decode(const uint8_t *bytes, size_t count, void *pixels, size_t capacity, char *message);
