#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  png_structp encoder;
  png_infop info;
  uint8_t *bytes;
  size_t count;
  size_t capacity;
  jmp_buf failed;
  char *message;
} writing;

static void fail(png_structp encoder, png_const_charp text) {
  writing *state = png_get_error_ptr(encoder);
  snprintf(state->message, CPNG_MESSAGE_SIZE, "%s", text);
  longjmp(state->failed, 1);
}

static void ignore_warning(png_structp encoder, png_const_charp text) {
  (void)encoder;
  (void)text;
}

static void append_bytes(png_structp encoder, png_bytep bytes, size_t count) {
  writing *state = png_get_io_ptr(encoder);
  if (state->count + count > state->capacity) {
    const size_t capacity = 2 * (state->count + count);
    uint8_t *larger = realloc(state->bytes, capacity);
    if (larger == NULL) png_error(encoder, "out of memory");
    state->bytes = larger;
    state->capacity = capacity;
  }
  memcpy(state->bytes + state->count, bytes, count);
  state->count += count;
}

static void flush_nothing(png_structp encoder) { (void)encoder; }

bool cpng_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int32_t channels, uint8_t **encoded,
    size_t *encoded_count, char *message) {
  writing state = {.message = message};
  if (setjmp(state.failed)) {
    png_destroy_write_struct(&state.encoder, &state.info);
    free(state.bytes);
    return false;
  }
  state.encoder = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, fail, ignore_warning);
  if (state.encoder != NULL) state.info = png_create_info_struct(state.encoder);
  if (state.info == NULL) {
    snprintf(message, CPNG_MESSAGE_SIZE, "libpng could not start");
    longjmp(state.failed, 1);
  }
  png_set_write_fn(state.encoder, &state, append_bytes, flush_nothing);
  png_set_IHDR(
      state.encoder, state.info, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
      PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(state.encoder, state.info);
  for (uint32_t y = 0; y < height; y++) {
    png_write_row(state.encoder, pixels + (size_t)y * width * (size_t)channels);
  }
  png_write_end(state.encoder, state.info);
  png_destroy_write_struct(&state.encoder, &state.info);
  *encoded = state.bytes;
  *encoded_count = state.count;
  return true;
}
