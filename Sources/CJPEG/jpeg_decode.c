// libjpeg reports errors through a function that must not return, so its callers need setjmp, which Swift
// cannot call. Everything between setjmp and longjmp is in this file.
#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>  // its list of messages depends on jpeglib.h

// A progressive file of a few kilobytes can ask for thousands of passes over all its pixels. Real encoders
// write about ten.
enum { SCAN_LIMIT = 100 };

typedef struct {
  struct jpeg_decompress_struct decoder;
  struct jpeg_error_mgr errors;
  jmp_buf failed;
  char *message;
} reading;

static void fail(j_common_ptr common) {
  reading *state = common->client_data;
  char text[JMSG_LENGTH_MAX];
  common->err->format_message(common, text);
  snprintf(state->message, CJPEG_MESSAGE_SIZE, "%s", text);
  longjmp(state->failed, 1);
}

static void fail_saying(reading *state, const char *message) {
  snprintf(state->message, CJPEG_MESSAGE_SIZE, "%s", message);
  longjmp(state->failed, 1);
}

// Warnings that mean pixels are lost. The others (stray bytes between markers, an odd version number) are
// common in sound files.
static void judge_message(j_common_ptr common, int level) {
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
      fail(common);
    default:
      break;
  }
}

static void print_nothing(j_common_ptr common) { (void)common; }

// Looks for the markers that begin a scan, before any memory is taken: in coded data a byte of 255 that is none is followed by
// a zero. What lies within a segment before the first scan, a small preview for example, is passed over by its length.
static bool has_too_many_scans(const uint8_t *bytes, size_t count) {
  size_t position = 2;
  while (position + 4 <= count && bytes[position] == 0xFF && bytes[position + 1] != 0xDA) {
    const bool is_fill = bytes[position + 1] == 0xFF;
    position += is_fill ? 1 : 2 + ((size_t)bytes[position + 2] << 8 | bytes[position + 3]);
  }
  int scans = 0;
  while (position + 1 < count) {
    const uint8_t *found = memchr(bytes + position, 0xFF, count - 1 - position);
    if (found == NULL) return false;
    position = (size_t)(found - bytes) + 1;
    if (bytes[position] == 0xDA && ++scans > SCAN_LIMIT) return true;
  }
  return false;
}

// Must run after setjmp: already opening can fail.
static void open_reading(reading *state, const uint8_t *bytes, size_t count) {
  jpeg_create_decompress(&state->decoder);
  state->decoder.client_data = state;
  if (has_too_many_scans(bytes, count)) fail_saying(state, "it has more than 100 scans");
  jpeg_mem_src(&state->decoder, bytes, count);
  jpeg_read_header(&state->decoder, TRUE);
  switch (state->decoder.jpeg_color_space) {
    case JCS_GRAYSCALE:
      state->decoder.out_color_space = JCS_GRAYSCALE;
      break;
    case JCS_RGB:
    case JCS_YCbCr:
      state->decoder.out_color_space = JCS_RGB;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      state->decoder.out_color_space = JCS_CMYK;
      break;
    default:
      fail_saying(state, "its colours are none of grey, RGB, YCbCr, CMYK and YCCK");
  }
}

static void prepare(reading *state, char *message) {
  memset(state, 0, sizeof *state);
  state->message = message;
  state->decoder.err = jpeg_std_error(&state->errors);
  state->decoder.client_data = state;
  state->errors.error_exit = fail;
  state->errors.emit_message = judge_message;
  state->errors.output_message = print_nothing;
}

static int output_channels(const reading *state) {
  return state->decoder.out_color_space == JCS_GRAYSCALE ? 1 : 3;
}

// Sampling whose cut-out parts were found to have the bytes of the whole image.
static bool has_areas(const reading *state) {
  const struct jpeg_decompress_struct *decoder = &state->decoder;
  if (decoder->out_color_space == JCS_CMYK) return false;
  for (int index = 0; index < decoder->num_components; index++) {
    const jpeg_component_info *component = &decoder->comp_info[index];
    const int most = index == 0 && decoder->num_components > 1 ? 2 : 1;
    if (component->h_samp_factor > most || component->v_samp_factor > most) return false;
  }
  return true;
}

bool cjpeg_read_header(const uint8_t *bytes, size_t count, cjpeg_header *header, char *message) {
  reading state;
  prepare(&state, message);
  if (setjmp(state.failed)) {
    jpeg_destroy_decompress(&state.decoder);
    return false;
  }
  open_reading(&state, bytes, count);
  header->width = (int32_t)state.decoder.image_width;
  header->height = (int32_t)state.decoder.image_height;
  header->channels = output_channels(&state);
  header->has_areas = has_areas(&state);
  jpeg_destroy_decompress(&state.decoder);
  return true;
}

// Product of two fractions of 255, rounded to nearest.
static uint8_t product_of_255ths(unsigned a, unsigned b) {
  unsigned sum = a * b + 128;
  return (uint8_t)(((sum >> 8) + sum) >> 8);
}

// CMYK in JPEG files is stored inverted (Adobe's convention), so 255 means no ink.
static void convert_inverted_cmyk(const uint8_t *cmyk, uint8_t *rgb, size_t width) {
  for (size_t x = 0; x < width; x++) {
    const unsigned light = cmyk[4 * x + 3];
    for (int channel = 0; channel < 3; channel++) {
      rgb[3 * x + channel] = (uint8_t)(light - product_of_255ths(255 - cmyk[4 * x + channel], light));
    }
  }
}

bool cjpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message) {
  reading state;
  prepare(&state, message);
  if (setjmp(state.failed)) {
    jpeg_destroy_decompress(&state.decoder);
    return false;
  }
  open_reading(&state, bytes, count);
  struct jpeg_decompress_struct *decoder = &state.decoder;
  jpeg_start_decompress(decoder);
  const size_t row_bytes = (size_t)decoder->output_width * output_channels(&state);
  if (row_bytes * decoder->output_height > capacity) fail_saying(&state, "it is larger than its header says");
  if (decoder->out_color_space == JCS_CMYK) {
    JSAMPARRAY line = decoder->mem->alloc_sarray(
        (j_common_ptr)decoder, JPOOL_IMAGE, decoder->output_width * 4, 1);
    while (decoder->output_scanline < decoder->output_height) {
      uint8_t *row = pixels + decoder->output_scanline * row_bytes;
      jpeg_read_scanlines(decoder, line, 1);
      convert_inverted_cmyk(line[0], row, decoder->output_width);
    }
  } else {
    while (decoder->output_scanline < decoder->output_height) {
      JSAMPROW rows[4];
      for (unsigned r = 0; r < 4; r++) {
        const size_t y = decoder->output_scanline + r;
        rows[r] = pixels + (y < decoder->output_height ? y : decoder->output_height - 1) * row_bytes;
      }
      const unsigned left = decoder->output_height - decoder->output_scanline;
      jpeg_read_scanlines(decoder, rows, left < 4 ? left : 4);
    }
  }
  jpeg_finish_decompress(decoder);
  jpeg_destroy_decompress(decoder);
  return true;
}

// Colours between two samples are interpolated from both, and at the edge of what is decoded from one: so some columns more
// are decoded than are wanted, on both sides.
enum { MARGIN = 8 };

bool cjpeg_decode_area(
    const uint8_t *bytes, size_t count, uint32_t reduction, cjpeg_area area, bool reads_all, uint8_t *pixels,
    size_t capacity, char *message) {
  reading state;
  prepare(&state, message);
  if (setjmp(state.failed)) {
    jpeg_destroy_decompress(&state.decoder);
    return false;
  }
  open_reading(&state, bytes, count);
  struct jpeg_decompress_struct *decoder = &state.decoder;
  if (!has_areas(&state)) fail_saying(&state, "no area can be cut out of it");
  decoder->scale_num = 1;
  decoder->scale_denom = reduction;
  jpeg_start_decompress(decoder);
  const size_t channels = (size_t)output_channels(&state);
  const size_t right = (size_t)area.left + area.width, bottom = (size_t)area.top + area.height;
  if (area.width == 0 || area.height == 0 || right > decoder->output_width || bottom > decoder->output_height ||
      area.width * channels * area.height > capacity) {
    fail_saying(&state, "it is smaller than its header says");
  }
  JDIMENSION first = area.left > MARGIN ? area.left - MARGIN : 0;
  JDIMENSION columns = (right + MARGIN < decoder->output_width ? (JDIMENSION)right + MARGIN : decoder->output_width) - first;
  if (columns < decoder->output_width) jpeg_crop_scanline(decoder, &first, &columns);
  JSAMPARRAY lines = decoder->mem->alloc_sarray(
      (j_common_ptr)decoder, JPOOL_IMAGE, decoder->output_width * (JDIMENSION)channels, 2);
  if (area.top > 0) jpeg_skip_scanlines(decoder, area.top);
  while (decoder->output_scanline < bottom) {
    const size_t y = decoder->output_scanline - area.top;
    const JDIMENSION wanted = bottom - decoder->output_scanline < 2 ? 1 : 2;
    const JDIMENSION received = jpeg_read_scanlines(decoder, lines, wanted);
    for (JDIMENSION line = 0; line < received; line++) {
      memcpy(
          pixels + (y + line) * area.width * channels, lines[line] + (area.left - first) * channels,
          area.width * channels);
    }
  }
  if (!reads_all) {
    jpeg_destroy_decompress(decoder);
    return true;
  }
  // All coded data is looked at up to the last row, so that damage below the area is noticed too.
  if (decoder->output_scanline < decoder->output_height) {
    if (decoder->output_height - decoder->output_scanline > 1) {
      jpeg_skip_scanlines(decoder, decoder->output_height - 1 - decoder->output_scanline);
    }
    jpeg_read_scanlines(decoder, lines, 1);
  }
  jpeg_finish_decompress(decoder);
  jpeg_destroy_decompress(decoder);
  return true;
}
