#include "feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define READ_MAX    65536u
#define SEND_MAX    4096u
#define WAITING_MAX (64u << 20)
#define SLICE_US    20000u

struct feed {
    struct rk_link *link;
    bool threaded, running;
    pthread_t thread;
    pthread_mutex_t lock; /* of everything below */
    bool stop;
    struct feed_chunk *first, *last;
    size_t waiting; /* bytes in the chunks */
    uint64_t lost;
    uint8_t send[SEND_MAX];
    size_t send_len;
    uint32_t baud, baud_set;
    struct rk_error err;
    uint8_t buf[READ_MAX]; /* the reader's own */
};

static void keep(struct feed *feed, size_t len)
{
    struct feed_chunk *chunk = malloc(sizeof *chunk + len);

    pthread_mutex_lock(&feed->lock);
    if (!chunk || feed->waiting + len > WAITING_MAX) {
        feed->lost += len;
        free(chunk);
    } else {
        *chunk =
            (struct feed_chunk){.time_us = rk_clock_now(rk_link_clock(feed->link)), .len = len};
        memcpy(chunk->bytes, feed->buf, len);
        if (feed->last)
            feed->last->next = chunk;
        else
            feed->first = chunk;
        feed->last = chunk;
        feed->waiting += len;
    }
    pthread_mutex_unlock(&feed->lock);
}

/* Sends what waits and changes the rate; false when it is over. */
static bool serve(struct feed *feed)
{
    uint8_t send[SEND_MAX];
    struct rk_error err = {.status = RK_OK};

    pthread_mutex_lock(&feed->lock);
    size_t len = feed->send_len;
    uint32_t baud = feed->baud;
    memcpy(send, feed->send, len);
    feed->send_len = 0;
    bool over = feed->stop || feed->err.status != RK_OK;
    pthread_mutex_unlock(&feed->lock);
    if (over)
        return false;
    enum rk_status st = RK_OK;
    if (baud != feed->baud_set)
        st = rk_link_set_baud(feed->link, baud, NULL, &err);
    feed->baud_set = baud;
    if (st == RK_OK && len)
        st = rk_link_write(feed->link, send, len, &err);
    if (st != RK_OK) {
        pthread_mutex_lock(&feed->lock);
        feed->err = err;
        pthread_mutex_unlock(&feed->lock);
    }
    return st == RK_OK;
}

static bool read_once(struct feed *feed, uint64_t wait_us)
{
    struct rk_error err = {.status = RK_OK};
    size_t got = 0;

    if (!serve(feed))
        return false;
    if (rk_link_read(feed->link, feed->buf, sizeof feed->buf, &got, wait_us, &err) != RK_OK) {
        pthread_mutex_lock(&feed->lock);
        feed->err = err;
        pthread_mutex_unlock(&feed->lock);
        return false;
    }
    if (got > 0)
        keep(feed, got);
    return true;
}

static void *reader(void *argument)
{
    while (read_once(argument, SLICE_US))
        ;
    return NULL;
}

enum rk_status feed_open(struct rk_link *link, struct feed **out, struct rk_error *err)
{
    struct feed *feed = calloc(1, sizeof *feed);

    if (!feed) {
        rk_link_close(link);
        return rk_fail(err, RK_ERR_NOMEM, "internal.memory", "out of memory");
    }
    pthread_mutex_init(&feed->lock, NULL);
    feed->link = link;
    feed->baud = feed->baud_set = rk_link_baud(link);
    feed->threaded = !rk_link_info(link)->is_virtual;
    if (feed->threaded)
        feed->running = pthread_create(&feed->thread, NULL, reader, feed) == 0;
    feed->threaded = feed->running;
    *out = feed;
    return RK_OK;
}

void feed_close(struct feed *feed)
{
    if (!feed)
        return;
    pthread_mutex_lock(&feed->lock);
    feed->stop = true;
    pthread_mutex_unlock(&feed->lock);
    if (feed->running)
        pthread_join(feed->thread, NULL);
    while (feed->first) {
        struct feed_chunk *next = feed->first->next;
        free(feed->first);
        feed->first = next;
    }
    rk_link_close(feed->link);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
}

struct feed_chunk *feed_take(struct feed *feed, uint64_t wait_us)
{
    if (!feed->threaded)
        (void)read_once(feed, wait_us);
    pthread_mutex_lock(&feed->lock);
    struct feed_chunk *chunk = feed->first;
    if (chunk) {
        feed->first = chunk->next;
        feed->waiting -= chunk->len;
        if (!feed->first)
            feed->last = NULL;
    }
    pthread_mutex_unlock(&feed->lock);
    return chunk;
}

void feed_send(struct feed *feed, const void *bytes, size_t len)
{
    pthread_mutex_lock(&feed->lock);
    if (len > sizeof feed->send - feed->send_len)
        len = sizeof feed->send - feed->send_len;
    memcpy(feed->send + feed->send_len, bytes, len);
    feed->send_len += len;
    pthread_mutex_unlock(&feed->lock);
}

void feed_set_baud(struct feed *feed, uint32_t baud)
{
    pthread_mutex_lock(&feed->lock);
    feed->baud = baud;
    pthread_mutex_unlock(&feed->lock);
}

bool feed_alive(struct feed *feed, struct rk_error *err)
{
    pthread_mutex_lock(&feed->lock);
    bool alive = feed->err.status == RK_OK || feed->first;
    if (!alive)
        *err = feed->err;
    pthread_mutex_unlock(&feed->lock);
    return alive;
}

uint64_t feed_lost(const struct feed *feed)
{
    return feed->lost;
}

struct rk_link *feed_link(const struct feed *feed)
{
    return feed->link;
}
