/* Finding bytes in bytes. */
#ifndef RK_IMAGE_SEARCH_H
#define RK_IMAGE_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/* Offset of the first `what` at or behind `from` in data[0, len); len if there is none. */
size_t rk_search(const uint8_t *data, size_t len, size_t from, const void *what, size_t what_len);

/* The same for a text without its NUL. */
size_t rk_search_text(const uint8_t *data, size_t len, size_t from, const char *text);

#endif
