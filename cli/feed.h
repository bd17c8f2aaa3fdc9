/* Bytes from a port to the one who looks at them. A thread of its own reads, so that nothing is lost
 * while a slow terminal or a full pipe holds up the reader; virtual modules, whose clock stands still
 * while nobody waits on it, are read in place. */
#ifndef CLI_FEED_H
#define CLI_FEED_H

#include <rekindle/rekindle.h>

struct feed;

/* One piece that came in at once. */
struct feed_chunk {
    struct feed_chunk *next;
    uint64_t time_us; /* of the link's clock */
    size_t len;
    uint8_t bytes[];
};

/* Takes over the link, which feed_close() closes. Errors: NOMEM. */
RK_MUST_CHECK enum rk_status feed_open(struct rk_link *link, struct feed **out,
                                       struct rk_error *err);
void feed_close(struct feed *feed); /* NULL is allowed */

/* The next piece, to be freed with free(); NULL if nothing came. A virtual link is read here, for at
 * most wait_us of its time; a real one is not waited for. */
struct feed_chunk *feed_take(struct feed *feed, uint64_t wait_us);

/* Bytes for the module and the rate: the thread passes them on within 20 ms. */
void feed_send(struct feed *feed, const void *bytes, size_t len);
void feed_set_baud(struct feed *feed, uint32_t baud);

/* False after the port has failed; *err says why. */
bool feed_alive(struct feed *feed, struct rk_error *err);
/* Bytes thrown away because nobody took them (more than 64 MiB waited). */
uint64_t feed_lost(const struct feed *feed);
struct rk_link *feed_link(const struct feed *feed);

#endif
