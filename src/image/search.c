#include "image/search.h"

#include <string.h>

size_t rk_search(const uint8_t *data, size_t len, size_t from, const void *what, size_t what_len)
{
    const uint8_t *w = what;

    while (what_len > 0 && from < len && len - from >= what_len) {
        const uint8_t *hit = memchr(data + from, w[0], len - from - what_len + 1);

        if (!hit)
            break;
        if (memcmp(hit, what, what_len) == 0)
            return (size_t)(hit - data);
        from = (size_t)(hit - data) + 1;
    }
    return len;
}

size_t rk_search_text(const uint8_t *data, size_t len, size_t from, const char *text)
{
    return rk_search(data, len, from, text, strlen(text));
}
