#include "base/lzma.h"

#define SYMBOL_MAX 20u /* bytes of input that one symbol takes at most */
#define TOP        (1u << 24)
#define MOVE_BITS  5u
#define BIT_TOTAL  2048u
#define HEAD       5u /* bytes that start the range decoder */

/* As at the begin of a stream; the model stays. */
static void start_coder(struct rk_lzma_decoder *d, uint32_t in_at)
{
    d->in_at = in_at;
    d->in_all = d->begun = false;
    d->range = UINT32_MAX;
    d->code = 0;
}

void rk_lzma_decode_init(struct rk_lzma_decoder *d)
{
    rk_lzma_model_init(&d->model);
    start_coder(d, 0);
    d->in_end = d->out_at = 0;
    for (unsigned i = 0; i < 4; i++)
        d->rep[i] = 0;
    d->state = 0;
    d->copy = 0;
}

static void normalise(struct rk_lzma_decoder *d)
{
    if (d->range >= TOP)
        return;
    uint8_t byte = d->in_at < d->in_end ? d->in[d->in_at & d->in_mask] : 0;
    d->in_at++; /* beyond the end it shows later that the stream was cut short */
    d->range <<= 8;
    d->code = d->code << 8 | byte;
}

static unsigned bit(struct rk_lzma_decoder *d, uint16_t *probability)
{
    unsigned p = *probability;

    normalise(d);
    uint32_t bound = (d->range >> 11) * p;
    if (d->code < bound) {
        d->range = bound;
        *probability = (uint16_t)(p + ((BIT_TOTAL - p) >> MOVE_BITS));
        return 0;
    }
    d->range -= bound;
    d->code -= bound;
    *probability = (uint16_t)(p - (p >> MOVE_BITS));
    return 1;
}

static unsigned tree(struct rk_lzma_decoder *d, uint16_t *probabilities, unsigned bits)
{
    unsigned node = 1;

    for (unsigned i = 0; i < bits; i++)
        node = node << 1 | bit(d, probabilities + node);
    return node - (1u << bits);
}

static uint32_t reverse_tree(struct rk_lzma_decoder *d, uint16_t *probabilities, unsigned bits)
{
    unsigned node = 1;
    uint32_t value = 0;

    for (unsigned i = 0; i < bits; i++) {
        unsigned b = bit(d, probabilities + node);
        node = node << 1 | b;
        value |= (uint32_t)b << i;
    }
    return value;
}

static uint32_t direct(struct rk_lzma_decoder *d, unsigned bits)
{
    uint32_t value = 0;

    while (bits-- > 0) {
        normalise(d);
        d->range >>= 1;
        unsigned b = d->code >= d->range;
        if (b)
            d->code -= d->range;
        value = value << 1 | b;
    }
    return value;
}

static unsigned length(struct rk_lzma_decoder *d, struct rk_lzma_lengths *lengths, unsigned place)
{
    if (!bit(d, &lengths->choice[0]))
        return 2 + tree(d, lengths->low[place], 3);
    if (!bit(d, &lengths->choice[1]))
        return 10 + tree(d, lengths->mid[place], 3);
    return 18 + tree(d, lengths->high, 8);
}

static uint32_t distance(struct rk_lzma_decoder *d, unsigned len)
{
    unsigned row = len - 2 < RK_LZMA_LEN_STATES ? len - 2 : RK_LZMA_LEN_STATES - 1;
    unsigned slot = tree(d, d->model.slot[row], 6);

    if (slot < 4)
        return slot;
    unsigned bits = (slot >> 1) - 1;
    uint32_t base = (2u | (slot & 1)) << bits;
    if (slot < 14)
        return base + reverse_tree(d, d->model.distance + rk_lzma_distance_tree(slot), bits);
    base += direct(d, bits - 4) << 4;
    return base + reverse_tree(d, d->model.align, 4);
}

static uint8_t back(const struct rk_lzma_decoder *d, uint32_t far)
{
    return d->out[(d->out_at - far - 1) & d->out_mask];
}

static void literal(struct rk_lzma_decoder *d)
{
    unsigned before = d->out_at ? back(d, 0) : 0;
    uint16_t *p = d->model.literal[before >> 5];
    unsigned node = 1;

    if (d->state >= 7) { /* behind a match the byte there is a hint */
        unsigned hint = back(d, d->rep[0]);
        while (node < 0x100) {
            unsigned expected = hint >> 7 & 1;
            hint <<= 1;
            unsigned b = bit(d, p + ((1 + expected) << 8) + node);
            node = node << 1 | b;
            if (b != expected)
                break;
        }
    }
    while (node < 0x100)
        node = node << 1 | bit(d, p + node);
    d->out[d->out_at++ & d->out_mask] = (uint8_t)node;
    d->state = rk_lzma_next_state(d->state, RK_LZMA_LITERAL);
}

/* A match that repeats one of the last four distances; returns its length. */
static unsigned repeated(struct rk_lzma_decoder *d, unsigned place)
{
    struct rk_lzma_model *m = &d->model;

    if (!bit(d, &m->rep_not_0[d->state])) {
        if (!bit(d, &m->rep_0_long[d->state][place])) {
            d->state = rk_lzma_next_state(d->state, RK_LZMA_SHORT_REP);
            return 1;
        }
    } else {
        unsigned which = 1;
        if (bit(d, &m->rep_not_1[d->state]))
            which = 2 + bit(d, &m->rep_not_2[d->state]);
        uint32_t far = d->rep[which];
        for (; which > 0; which--)
            d->rep[which] = d->rep[which - 1];
        d->rep[0] = far;
    }
    unsigned len = length(d, &m->rep_lengths, place);
    d->state = rk_lzma_next_state(d->state, RK_LZMA_REP);
    return len;
}

static unsigned matched(struct rk_lzma_decoder *d, unsigned place)
{
    for (unsigned i = 3; i > 0; i--)
        d->rep[i] = d->rep[i - 1];
    unsigned len = length(d, &d->model.lengths, place);
    d->rep[0] = distance(d, len);
    d->state = rk_lzma_next_state(d->state, RK_LZMA_MATCH);
    return len;
}

/* False: damaged. */
static bool symbol(struct rk_lzma_decoder *d)
{
    unsigned place = d->out_at % RK_LZMA_POSITIONS;

    if (!bit(d, &d->model.match[d->state][place])) {
        literal(d);
        return true;
    }
    if (d->out_at == 0)
        return false;
    if (bit(d, &d->model.rep[d->state]))
        d->copy = repeated(d, place);
    else
        d->copy = matched(d, place);
    return d->rep[0] < d->out_at && d->rep[0] < RK_LZMA_DICTIONARY &&
           d->copy <= d->out_len - d->out_at;
}

static bool begin(struct rk_lzma_decoder *d)
{
    if (d->in_end - d->in_at < HEAD)
        return false;
    if (d->in[d->in_at & d->in_mask] != 0) /* the first byte is 0 in every stream */
        d->state = RK_LZMA_STATES;
    for (unsigned i = 1; i < HEAD; i++)
        d->code = d->code << 8 | d->in[(d->in_at + i) & d->in_mask];
    d->in_at += HEAD;
    d->begun = true;
    return true;
}

bool rk_lzma_decode_stored(struct rk_lzma_decoder *d, const uint8_t *data, uint32_t len,
                           uint32_t in_at)
{
    if (len > d->out_len - d->out_at)
        return false;
    for (uint32_t i = 0; i < len; i++)
        d->out[d->out_at++ & d->out_mask] = data[i];
    start_coder(d, in_at);
    return true;
}

enum rk_lzma_result rk_lzma_decode(struct rk_lzma_decoder *d, uint32_t out_limit)
{
    if (out_limit > d->out_len)
        out_limit = d->out_len;
    if (!d->begun && !begin(d))
        return d->in_all ? RK_LZMA_DAMAGED : RK_LZMA_MORE;
    if (d->state >= RK_LZMA_STATES)
        return RK_LZMA_DAMAGED;
    while (d->out_at < out_limit) {
        if (d->copy > 0) {
            d->out[d->out_at & d->out_mask] = back(d, d->rep[0]);
            d->out_at++;
            d->copy--;
            continue;
        }
        if (d->in_end - d->in_at < SYMBOL_MAX && !d->in_all)
            return RK_LZMA_MORE;
        if (d->in_at > d->in_end || !symbol(d))
            return RK_LZMA_DAMAGED;
    }
    return d->out_at == d->out_len ? RK_LZMA_DONE : RK_LZMA_MORE;
}
