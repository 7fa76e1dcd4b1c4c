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
enum { SCAN_LIMIT = 500 };

typedef struct {
  struct jpeg_decompress_struct decoder;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
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

static void count_scans(j_common_ptr common) {
  reading *state = common->client_data;
  if (state->decoder.input_scan_number > SCAN_LIMIT) fail_saying(state, "it has more than 500 scans");
}

// Must run after setjmp: already opening can fail.
static void open_reading(reading *state, const uint8_t *bytes, size_t count) {
  jpeg_create_decompress(&state->decoder);
  state->decoder.client_data = state;
  jpeg_mem_src(&state->decoder, bytes, count);
  state->progress.progress_monitor = count_scans;
  state->decoder.progress = &state->progress;
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
