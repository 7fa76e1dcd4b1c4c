#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

typedef struct {
  struct jpeg_compress_struct encoder;
  struct jpeg_error_mgr errors;
  unsigned char *bytes;
  unsigned long count;
  jmp_buf failed;
  char *message;
} writing;

static void fail(j_common_ptr common) {
  writing *state = common->client_data;
  char text[JMSG_LENGTH_MAX];
  common->err->format_message(common, text);
  snprintf(state->message, CJPEG_MESSAGE_SIZE, "%s", text);
  longjmp(state->failed, 1);
}

bool cjpeg_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int32_t channels, int32_t quality, uint8_t **encoded,
    size_t *encoded_count, char *message) {
  writing state;
  memset(&state, 0, sizeof state);
  state.message = message;
  state.encoder.err = jpeg_std_error(&state.errors);
  state.errors.error_exit = fail;
  state.encoder.client_data = &state;
  if (setjmp(state.failed)) {
    jpeg_destroy_compress(&state.encoder);
    free(state.bytes);
    return false;
  }
  jpeg_create_compress(&state.encoder);
  state.encoder.client_data = &state;
  jpeg_mem_dest(&state.encoder, &state.bytes, &state.count);
  state.encoder.image_width = width;
  state.encoder.image_height = height;
  state.encoder.input_components = channels;
  state.encoder.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&state.encoder);
  jpeg_set_quality(&state.encoder, quality, TRUE);
  jpeg_start_compress(&state.encoder, TRUE);
  while (state.encoder.next_scanline < height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)state.encoder.next_scanline * width * (size_t)channels);
    jpeg_write_scanlines(&state.encoder, &row, 1);
  }
  jpeg_finish_compress(&state.encoder);
  jpeg_destroy_compress(&state.encoder);
  *encoded = state.bytes;
  *encoded_count = state.count;
  return true;
}
