// libpng reports errors through a function that must not return, so its callers need setjmp, which Swift
// cannot call. The simplified interface of libpng needs none, but it changes colours by the file's gamma, and
// training data must not depend on that.
#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  png_structp decoder;
  png_infop info;
  const uint8_t *next;
  size_t left;
  bool has_ended;
  jmp_buf failed;
  char *message;
} reading;

static void fail(png_structp decoder, png_const_charp text) {
  reading *state = png_get_error_ptr(decoder);
  snprintf(state->message, CPNG_MESSAGE_SIZE, "%s", text);
  longjmp(state->failed, 1);
}

static void ignore_warning(png_structp decoder, png_const_charp text) {
  (void)decoder;
  (void)text;
}

static void read_bytes(png_structp decoder, png_bytep bytes, size_t count) {
  reading *state = png_get_io_ptr(decoder);
  if (count > state->left) {
    state->has_ended = true;
    png_error(decoder, "the file ends too early");
  }
  memcpy(bytes, state->next, count);
  state->next += count;
  state->left -= count;
}

static void close_reading(reading *state) {
  png_destroy_read_struct(&state->decoder, &state->info, NULL);
}

// Must run after setjmp: already opening can fail.
static void open_reading(reading *state) {
  state->decoder = png_create_read_struct(PNG_LIBPNG_VER_STRING, state, fail, ignore_warning);
  if (state->decoder != NULL) state->info = png_create_info_struct(state->decoder);
  if (state->info == NULL) {
    snprintf(state->message, CPNG_MESSAGE_SIZE, "libpng could not start");
    longjmp(state->failed, 1);
  }
  png_set_read_fn(state->decoder, state, read_bytes);
  png_read_info(state->decoder, state->info);
}

static int output_channels(const reading *state) {
  const int type = png_get_color_type(state->decoder, state->info);
  const bool transparent =
      (type & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(state->decoder, state->info, PNG_INFO_tRNS) != 0;
  if (transparent) return 4;
  return (type & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1;
}

bool cpng_read_header(const uint8_t *bytes, size_t count, cpng_header *header, char *message) {
  reading state = {.next = bytes, .left = count, .message = message};
  if (setjmp(state.failed)) {
    close_reading(&state);
    return false;
  }
  open_reading(&state);
  header->width = png_get_image_width(state.decoder, state.info);
  header->height = png_get_image_height(state.decoder, state.info);
  header->channels = output_channels(&state);
  header->bits = png_get_bit_depth(state.decoder, state.info) == 16 ? 16 : 8;
  close_reading(&state);
  return true;
}

// What comes after the pixels. Once they are all there, a missing end takes nothing from them.
static bool read_end(reading *state) {
  if (setjmp(state->failed)) return state->has_ended;
  png_read_end(state->decoder, NULL);
  return true;
}

bool cpng_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message) {
  reading state = {.next = bytes, .left = count, .message = message};
  if (setjmp(state.failed)) {
    close_reading(&state);
    return false;
  }
  open_reading(&state);
  png_structp decoder = state.decoder;
  const int channels = output_channels(&state);
  png_set_expand(decoder);
  if (png_get_bit_depth(decoder, state.info) == 16) png_set_swap(decoder);
  if (channels == 4) png_set_gray_to_rgb(decoder);
  const int passes = png_set_interlace_handling(decoder);
  png_read_update_info(decoder, state.info);
  const size_t row_bytes = png_get_rowbytes(decoder, state.info);
  const uint32_t height = png_get_image_height(decoder, state.info);
  if (png_get_channels(decoder, state.info) != channels || row_bytes * height > capacity) {
    png_error(decoder, "its rows are not what its header says");
  }
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < height; y++) png_read_row(decoder, pixels + y * row_bytes, NULL);
  }
  const bool is_whole = read_end(&state);
  close_reading(&state);
  return is_whole;
}
