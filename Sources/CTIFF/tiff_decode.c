// libtiff hands out tags and takes its handlers through functions with variable arguments, which Swift cannot call.
#include "CTIFF.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

// A strip, tile or table of a file that lies about itself must not take more than this at once.
enum { LARGEST_PIECE = 1 << 30 };

typedef enum { AS_STORED, AS_FLOATS, AS_RGBA } conversion;

typedef struct {
  TIFF *file;
  const uint8_t *bytes;
  size_t count;
  size_t position;
  char *message;
  bool failed;
  // Of the first image.
  uint32_t width, height;
  uint16_t samples, stored_bits, format, photometric, planar;
  bool has_alpha, is_multiplied;
  conversion how;
} reading;

static void say(reading *state, const char *text) {
  if (state->message[0] == 0) snprintf(state->message, CTIFF_MESSAGE_SIZE, "%s", text);
  state->failed = true;
}

// The first error is the cause; those after it are its effects.
static int note_error(TIFF *file, void *data, const char *module, const char *format, va_list values) {
  (void)file;
  (void)module;
  char text[CTIFF_MESSAGE_SIZE];
  vsnprintf(text, sizeof text, format, values);
  say(data, text);
  return 1;
}

static int ignore_warning(TIFF *file, void *data, const char *module, const char *format, va_list values) {
  (void)file, (void)data, (void)module, (void)format, (void)values;
  return 1;
}

static tmsize_t read_bytes(thandle_t handle, void *target, tmsize_t count) {
  reading *state = handle;
  const size_t left = state->position < state->count ? state->count - state->position : 0;
  const size_t taken = (size_t)count < left ? (size_t)count : left;
  memcpy(target, state->bytes + state->position, taken);
  state->position += taken;
  return (tmsize_t)taken;
}

static tmsize_t write_nothing(thandle_t handle, void *source, tmsize_t count) {
  (void)handle, (void)source, (void)count;
  return 0;
}

static toff_t seek_to(thandle_t handle, toff_t offset, int whence) {
  reading *state = handle;
  if (whence == SEEK_CUR) offset += state->position;
  if (whence == SEEK_END) offset += state->count;
  state->position = (size_t)offset;
  return offset;
}

static int close_nothing(thandle_t handle) { return (void)handle, 0; }

static toff_t size_of(thandle_t handle) { return ((reading *)handle)->count; }

static bool open_reading(reading *state) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, LARGEST_PIECE);
  TIFFOpenOptionsSetErrorHandlerExtR(options, note_error, state);
  TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, state);
  state->file = TIFFClientOpenExt(
      "image", "rm", state, read_bytes, write_nothing, seek_to, close_nothing, size_of, NULL, NULL, options);
  TIFFOpenOptionsFree(options);
  if (state->file == NULL) say(state, "libtiff cannot open it");
  return state->file != NULL;
}

static bool has_colors_to_convert(const reading *state) {
  switch (state->photometric) {
    case PHOTOMETRIC_PALETTE:
    case PHOTOMETRIC_SEPARATED:
    case PHOTOMETRIC_YCBCR:
    case PHOTOMETRIC_CIELAB:
      return state->samples <= 4;
    default:
      return false;
  }
}

// Reads the tags, and decides how samples become what the header announces.
static bool read_tags(reading *state) {
  TIFF *file = state->file;
  uint16_t compression = COMPRESSION_NONE, extra_count = 0, *extras = NULL;
  TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &state->width);
  TIFFGetField(file, TIFFTAG_IMAGELENGTH, &state->height);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLESPERPIXEL, &state->samples);
  TIFFGetFieldDefaulted(file, TIFFTAG_BITSPERSAMPLE, &state->stored_bits);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLEFORMAT, &state->format);
  TIFFGetFieldDefaulted(file, TIFFTAG_PLANARCONFIG, &state->planar);
  TIFFGetFieldDefaulted(file, TIFFTAG_COMPRESSION, &compression);
  if (!TIFFGetField(file, TIFFTAG_PHOTOMETRIC, &state->photometric)) state->photometric = PHOTOMETRIC_MINISBLACK;
  if (state->width == 0 || state->height == 0 || state->samples == 0) {
    say(state, "its header gives no size");
    return false;
  }
  if (compression == COMPRESSION_JPEG && state->photometric == PHOTOMETRIC_YCBCR) {
    TIFFSetField(file, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    state->photometric = PHOTOMETRIC_RGB;
  }
  TIFFGetFieldDefaulted(file, TIFFTAG_EXTRASAMPLES, &extra_count, &extras);
  const uint16_t extra = extra_count > 0 ? extras[0] : EXTRASAMPLE_UNSPECIFIED;
  state->has_alpha = state->photometric == PHOTOMETRIC_RGB && state->samples == 4 &&
                     (extra == EXTRASAMPLE_ASSOCALPHA || extra == EXTRASAMPLE_UNASSALPHA);
  state->is_multiplied = state->has_alpha && extra == EXTRASAMPLE_ASSOCALPHA;

  const bool is_float = state->format == SAMPLEFORMAT_IEEEFP;
  const bool is_signed = state->format == SAMPLEFORMAT_INT;
  const uint16_t bits = state->stored_bits;
  // As many as libtiff may write.
  char reason[1024];
  if (bits < 8 || has_colors_to_convert(state)) {
    state->how = AS_RGBA;
    if (TIFFRGBAImageOK(file, reason)) return true;
  } else if ((is_float && (bits == 32 || bits == 64)) || (is_signed && (bits == 8 || bits == 16))) {
    state->how = bits == 32 ? AS_STORED : AS_FLOATS;
    return true;
  } else if (!is_float && !is_signed && (bits == 8 || bits == 16)) {
    state->how = AS_STORED;
    return true;
  } else {
    snprintf(reason, sizeof reason,
             "its samples are %s of %d bits, and 8 or 16 bits and floats of 32 or 64 are read",
             is_float ? "floats" : "whole numbers", bits);
  }
  say(state, reason);
  return false;
}

static int output_channels(const reading *state) {
  if (state->how != AS_RGBA) return state->samples;
  return state->photometric == PHOTOMETRIC_MINISBLACK || state->photometric == PHOTOMETRIC_MINISWHITE ? 1 : 3;
}

static int output_bytes(const reading *state) {
  if (state->how == AS_RGBA) return 1;
  return state->how == AS_FLOATS ? 4 : state->stored_bits / 8;
}

bool ctiff_read_header(const uint8_t *bytes, size_t count, ctiff_header *header, char *message) {
  reading state = {.bytes = bytes, .count = count, .message = message};
  if (!open_reading(&state)) return false;
  const bool is_read = read_tags(&state);
  uint16_t orientation = ORIENTATION_TOPLEFT;
  TIFFGetFieldDefaulted(state.file, TIFFTAG_ORIENTATION, &orientation);
  header->width = state.width;
  header->height = state.height;
  header->channels = output_channels(&state);
  header->bits = 8 * output_bytes(&state);
  header->has_alpha = state.has_alpha;
  header->orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
  TIFFClose(state.file);
  return is_read;
}

static float as_float(const reading *state, const void *sample) {
  if (state->format == SAMPLEFORMAT_IEEEFP) {
    double value;
    memcpy(&value, sample, sizeof value);
    return (float)value;
  }
  if (state->stored_bits == 8) return *(const int8_t *)sample;
  int16_t value;
  memcpy(&value, sample, sizeof value);
  return value;
}

// Copies a piece of the image (a strip is a tile as wide as the image) to its place. A planar piece has one channel.
static void place(
    const reading *state, const uint8_t *piece, uint32_t left, uint32_t top, uint32_t piece_width, uint32_t rows,
    uint32_t columns, uint16_t plane, uint8_t *pixels) {
  const int stored = state->stored_bits / 8, bytes = output_bytes(state);
  const bool is_planar = state->planar == PLANARCONFIG_SEPARATE && state->samples > 1;
  const int count = is_planar ? 1 : state->samples;
  for (uint32_t y = 0; y < rows; y++) {
    const uint8_t *source = piece + (size_t)y * piece_width * count * stored;
    uint8_t *target = pixels + (((size_t)(top + y) * state->width + left) * state->samples + plane) * bytes;
    if (state->how == AS_STORED && !is_planar) {
      memcpy(target, source, (size_t)columns * count * stored);
      continue;
    }
    for (size_t x = 0; x < (size_t)columns * count; x++) {
      if (state->how == AS_STORED) {
        memcpy(target, source, stored);
      } else {
        const float value = as_float(state, source);
        memcpy(target, &value, sizeof value);
      }
      source += stored;
      target += (size_t)(is_planar ? state->samples : 1) * bytes;
    }
  }
}

static bool read_pieces(reading *state, uint8_t *pixels) {
  TIFF *file = state->file;
  const bool is_tiled = TIFFIsTiled(file) != 0;
  uint32_t width = state->width, height = 0;
  if (is_tiled) {
    TIFFGetField(file, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(file, TIFFTAG_TILELENGTH, &height);
  } else {
    TIFFGetFieldDefaulted(file, TIFFTAG_ROWSPERSTRIP, &height);
    if (height > state->height) height = state->height;
  }
  const bool is_planar = state->planar == PLANARCONFIG_SEPARATE && state->samples > 1;
  const uint64_t row_bytes = (uint64_t)width * (is_planar ? 1 : state->samples) * (state->stored_bits / 8);
  const uint64_t size = is_tiled ? TIFFTileSize64(file) : TIFFVStripSize64(file, height);
  if (width == 0 || height == 0 || size < row_bytes * height || size > LARGEST_PIECE) {
    say(state, "its strips or tiles are not what its header says");
    return false;
  }
  uint8_t *piece = malloc(size);
  if (piece == NULL) say(state, "there is no memory for its strips or tiles");
  for (uint16_t plane = 0; plane < (is_planar ? state->samples : 1) && !state->failed; plane++) {
    for (uint32_t top = 0; top < state->height && !state->failed; top += height) {
      const uint32_t rows = state->height - top < height ? state->height - top : height;
      for (uint32_t left = 0; left < state->width && !state->failed; left += width) {
        const uint32_t columns = state->width - left < width ? state->width - left : width;
        const tmsize_t wanted = (tmsize_t)(is_tiled ? size : row_bytes * rows);
        const tmsize_t received =
            is_tiled ? TIFFReadEncodedTile(file, TIFFComputeTile(file, left, top, 0, plane), piece, wanted)
                     : TIFFReadEncodedStrip(file, TIFFComputeStrip(file, top, plane), piece, wanted);
        if (received < wanted) {
          say(state, "it ends within its pixels");
        } else {
          place(state, piece, left, top, width, rows, columns, plane, pixels);
        }
        if (state->width - left <= width) break;
      }
      if (state->height - top <= height) break;
    }
  }
  free(piece);
  return !state->failed;
}

static bool read_converted(reading *state, uint8_t *pixels) {
  const size_t count = (size_t)state->width * state->height;
  uint32_t *raster = malloc(count * sizeof *raster);
  if (raster == NULL) say(state, "there is no memory for its colours");
  if (raster != NULL &&
      TIFFReadRGBAImageOriented(state->file, state->width, state->height, raster, ORIENTATION_TOPLEFT, 1) == 0) {
    say(state, "libtiff cannot convert its colours");
  }
  const int channels = output_channels(state);
  for (size_t pixel = 0; pixel < count && !state->failed; pixel++) {
    pixels[pixel * channels] = TIFFGetR(raster[pixel]);
    if (channels == 3) {
      pixels[pixel * 3 + 1] = TIFFGetG(raster[pixel]);
      pixels[pixel * 3 + 2] = TIFFGetB(raster[pixel]);
    }
  }
  free(raster);
  return !state->failed;
}

static uint32_t divided(uint32_t sample, uint32_t alpha, uint32_t white) {
  if (alpha == 0) return 0;
  const uint64_t value = ((uint64_t)sample * white + alpha / 2) / alpha;
  return value < white ? (uint32_t)value : white;
}

// The colours of one pixel, and what photometric conventions turn round.
static void settle_colors(const reading *state, void *pixels) {
  const size_t count = (size_t)state->width * state->height;
  const bool is_inverted = state->photometric == PHOTOMETRIC_MINISWHITE && state->samples == 1;
  if (state->how != AS_STORED || state->stored_bits > 16 || !(is_inverted || state->is_multiplied)) return;
  uint8_t *narrow = pixels;
  uint16_t *wide = pixels;
  const bool is_wide = state->stored_bits == 16;
  for (size_t pixel = 0; pixel < count; pixel++) {
    if (is_inverted) {
      if (is_wide) wide[pixel] = (uint16_t)(65535 - wide[pixel]);
      else narrow[pixel] = (uint8_t)(255 - narrow[pixel]);
      continue;
    }
    for (int channel = 0; channel < 3; channel++) {
      const size_t at = 4 * pixel + channel;
      if (is_wide) wide[at] = (uint16_t)divided(wide[at], wide[4 * pixel + 3], 65535);
      else narrow[at] = (uint8_t)divided(narrow[at], narrow[4 * pixel + 3], 255);
    }
  }
}

bool ctiff_decode(const uint8_t *bytes, size_t count, void *pixels, size_t capacity, char *message) {
  reading state = {.bytes = bytes, .count = count, .message = message};
  if (!open_reading(&state)) return false;
  bool is_read = read_tags(&state);
  const uint64_t size = (uint64_t)state.width * state.height;
  if (is_read && size * output_channels(&state) * output_bytes(&state) > capacity) {
    say(&state, "it is larger than its header says");
    is_read = false;
  }
  if (is_read) is_read = state.how == AS_RGBA ? read_converted(&state, pixels) : read_pieces(&state, pixels);
  if (is_read) settle_colors(&state, pixels);
  TIFFClose(state.file);
  return is_read;
}
