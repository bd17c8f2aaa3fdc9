/* The longest match of a few candidates, put off by one position if the next one is longer. */
#include "base/lzma.h"

#define TOP         (1u << 24)
#define MOVE_BITS   5u
#define BIT_TOTAL   2048u
#define MATCH_MIN   3u
#define NEAR        0x800u /* a match of three bytes pays only if it is near */
#define GOOD_ENOUGH 32u    /* long enough not to look at the next position */
#define HASHED_MAX  48u    /* of longer matches only the end is remembered */

/* As at the begin of a stream; the model stays. */
static void start_coder(struct rk_lzma_encoder *e)
{
    e->low = e->pending = 0;
    e->range = UINT32_MAX;
    e->cache = 0;
    e->carry = false;
}

void rk_lzma_encode_init(struct rk_lzma_encoder *e)
{
    rk_lzma_model_init(&e->model);
    start_coder(e);
    e->at = e->hashed = e->out_len = 0;
    e->state = 0;
    e->ahead_len = e->ahead_far = 0;
    for (unsigned i = 0; i < 4; i++)
        e->rep[i] = 0;
    for (unsigned i = 0; i < 1u << RK_LZMA_HASH_BITS; i++)
        e->hash[i] = 0;
}

/* ---- range coder ---- */

static void put_byte(struct rk_lzma_encoder *e, uint8_t byte)
{
    e->out[e->out_len++] = byte;
    if (e->out_len == e->out_cap)
        e->full(e->user);
}

/* A byte can still change by a carry until one that is not FF follows it. */
static void shift_low(struct rk_lzma_encoder *e)
{
    uint8_t carry = e->carry;

    if (e->low < 0xFF000000u || carry) {
        put_byte(e, (uint8_t)(e->cache + carry));
        for (; e->pending > 0; e->pending--)
            put_byte(e, (uint8_t)(0xFF + carry));
        e->cache = (uint8_t)(e->low >> 24);
        e->carry = false;
    } else {
        e->pending++;
    }
    e->low <<= 8;
}

static void bit(struct rk_lzma_encoder *e, uint16_t *probability, unsigned value)
{
    unsigned p = *probability;
    uint32_t bound = (e->range >> 11) * p;

    if (value == 0) {
        e->range = bound;
        *probability = (uint16_t)(p + ((BIT_TOTAL - p) >> MOVE_BITS));
    } else {
        e->low += bound;
        e->carry |= e->low < bound;
        e->range -= bound;
        *probability = (uint16_t)(p - (p >> MOVE_BITS));
    }
    if (e->range < TOP) {
        e->range <<= 8;
        shift_low(e);
    }
}

/* The lowest `bits` bits of the value, from `node` of the tree on. This is where most of the time
 * goes: range and low stay in registers. */
static void branch(struct rk_lzma_encoder *e, uint16_t *probabilities, unsigned node, unsigned bits,
                   uint32_t value)
{
    uint32_t range = e->range, low = e->low;

    for (value <<= 32 - bits; bits > 0; bits--, value <<= 1) {
        unsigned p = probabilities[node];
        uint32_t bound = (range >> 11) * p;
        if ((int32_t)value >= 0) {
            range = bound;
            probabilities[node] = (uint16_t)(p + ((BIT_TOTAL - p) >> MOVE_BITS));
            node = node << 1;
        } else {
            low += bound;
            if (low < bound)
                e->carry = true;
            range -= bound;
            probabilities[node] = (uint16_t)(p - (p >> MOVE_BITS));
            node = node << 1 | 1;
        }
        if (range < TOP) {
            range <<= 8;
            e->low = low;
            shift_low(e);
            low = e->low;
        }
    }
    e->range = range;
    e->low = low;
}

static void tree(struct rk_lzma_encoder *e, uint16_t *probabilities, unsigned bits, uint32_t value)
{
    branch(e, probabilities, 1, bits, value);
}

static void reverse_tree(struct rk_lzma_encoder *e, uint16_t *probabilities, unsigned bits,
                         uint32_t value)
{
    unsigned node = 1;

    for (; bits > 0; bits--, value >>= 1) {
        bit(e, probabilities + node, value & 1);
        node = node << 1 | (value & 1);
    }
}

static void direct(struct rk_lzma_encoder *e, unsigned bits, uint32_t value)
{
    while (bits-- > 0) {
        e->range >>= 1;
        if (value >> bits & 1) {
            e->low += e->range;
            e->carry |= e->low < e->range;
        }
        if (e->range < TOP) {
            e->range <<= 8;
            shift_low(e);
        }
    }
}

/* ---- symbols ---- */

static uint8_t byte_at(const struct rk_lzma_encoder *e, uint32_t at)
{
    return e->data[at & e->mask];
}

static void put_literal(struct rk_lzma_encoder *e)
{
    unsigned before = e->at ? byte_at(e, e->at - 1) : 0;
    uint16_t *p = e->model.literal[before >> 5];
    unsigned value = byte_at(e, e->at), node = 1, left = 8;
    unsigned place = e->at % RK_LZMA_POSITIONS;

    bit(e, &e->model.match[e->state][place], 0);
    if (e->state >= 7) { /* behind a match the byte there is a hint, as long as it is right */
        unsigned hint = byte_at(e, e->at - e->rep[0] - 1);
        while (left > 0) {
            unsigned b = value >> --left & 1, expected = hint >> left & 1;
            bit(e, p + ((1 + expected) << 8) + node, b);
            node = node << 1 | b;
            if (b != expected)
                break;
        }
    }
    if (left > 0)
        branch(e, p, node, left, value);
    e->state = rk_lzma_next_state(e->state, RK_LZMA_LITERAL);
    e->at++;
}

static void put_length(struct rk_lzma_encoder *e, struct rk_lzma_lengths *lengths, unsigned place,
                       uint32_t len)
{
    if (len < 10) {
        bit(e, &lengths->choice[0], 0);
        tree(e, lengths->low[place], 3, len - 2);
    } else if (len < 18) {
        bit(e, &lengths->choice[0], 1);
        bit(e, &lengths->choice[1], 0);
        tree(e, lengths->mid[place], 3, len - 10);
    } else {
        bit(e, &lengths->choice[0], 1);
        bit(e, &lengths->choice[1], 1);
        tree(e, lengths->high, 8, len - 18);
    }
}

static void put_distance(struct rk_lzma_encoder *e, uint32_t far, uint32_t len)
{
    unsigned row = len - 2 < RK_LZMA_LEN_STATES ? len - 2 : RK_LZMA_LEN_STATES - 1;
    unsigned top = 0;

    if (far < 4) {
        tree(e, e->model.slot[row], 6, far);
        return;
    }
    while (far >> (top + 1) > 0)
        top++;
    unsigned slot = top << 1 | (far >> (top - 1) & 1), bits = top - 1;
    uint32_t rest = far & ((1u << bits) - 1);
    tree(e, e->model.slot[row], 6, slot);
    if (slot < 14) {
        reverse_tree(e, e->model.distance + rk_lzma_distance_tree(slot), bits, rest);
    } else {
        direct(e, bits - 4, rest >> 4);
        reverse_tree(e, e->model.align, 4, rest & 15);
    }
}

static void put_match(struct rk_lzma_encoder *e, uint32_t far, uint32_t len)
{
    unsigned place = e->at % RK_LZMA_POSITIONS;

    bit(e, &e->model.match[e->state][place], 1);
    bit(e, &e->model.rep[e->state], 0);
    put_length(e, &e->model.lengths, place, len);
    put_distance(e, far, len);
    for (unsigned i = 3; i > 0; i--)
        e->rep[i] = e->rep[i - 1];
    e->rep[0] = far;
    e->state = rk_lzma_next_state(e->state, RK_LZMA_MATCH);
    e->at += len;
}

static void put_repeated(struct rk_lzma_encoder *e, unsigned which, uint32_t len)
{
    struct rk_lzma_model *m = &e->model;
    unsigned place = e->at % RK_LZMA_POSITIONS;
    uint32_t far = e->rep[which];

    bit(e, &m->match[e->state][place], 1);
    bit(e, &m->rep[e->state], 1);
    bit(e, &m->rep_not_0[e->state], which > 0);
    if (which == 0)
        bit(e, &m->rep_0_long[e->state][place], len > 1);
    if (which > 0)
        bit(e, &m->rep_not_1[e->state], which > 1);
    if (which > 1)
        bit(e, &m->rep_not_2[e->state], which > 2);
    for (; which > 0; which--)
        e->rep[which] = e->rep[which - 1];
    e->rep[0] = far;
    if (len > 1)
        put_length(e, &m->rep_lengths, place, len);
    e->state = rk_lzma_next_state(e->state, len > 1 ? RK_LZMA_REP : RK_LZMA_SHORT_REP);
    e->at += len;
}

/* ---- matches ---- */

static uint32_t hash_of(const struct rk_lzma_encoder *e, uint32_t at)
{
    uint32_t three =
        byte_at(e, at) | (uint32_t)byte_at(e, at + 1) << 8 | (uint32_t)byte_at(e, at + 2) << 16;

    return three * 0x9E3779B1u >> (32 - RK_LZMA_HASH_BITS);
}

/* Remembers the position e->hashed, and returns the last one before it with the same hash. */
static uint32_t remember_next(struct rk_lzma_encoder *e)
{
    uint32_t *head = &e->hash[hash_of(e, e->hashed)], before = *head;

    if (e->previous) {
        uint32_t step = before ? e->hashed + 1 - before : 0;
        e->previous[e->hashed % RK_LZMA_DICTIONARY] =
            (uint16_t)(step < RK_LZMA_DICTIONARY ? step : 0);
    }
    *head = ++e->hashed;
    return before;
}

/* Remembers all positions below `to`. */
static void remember(struct rk_lzma_encoder *e, uint32_t to, uint32_t end)
{
    if (to - e->hashed > HASHED_MAX)
        e->hashed = to - HASHED_MAX;
    while (e->hashed < to && end - e->hashed >= MATCH_MIN)
        (void)remember_next(e);
}

static inline uint32_t same(const struct rk_lzma_encoder *e, uint32_t at, uint32_t far,
                            uint32_t most)
{
    const uint8_t *data = e->data;
    uint32_t mask = e->mask, from = at, there = at - far - 1, end = at + most;

    while (at != end && data[at & mask] == data[there & mask]) {
        at++;
        there++;
    }
    return at - from;
}

/* The longest match at `at`; its length, 0 if none is worth it. The position is remembered. */
static uint32_t find(struct rk_lzma_encoder *e, uint32_t at, uint32_t most, uint32_t *far)
{
    uint32_t best = 0, candidate;

    if (most < MATCH_MIN)
        return 0;
    candidate = remember_next(e);
    for (unsigned i = 0; i < e->tries && candidate > 0; i++) {
        uint32_t gap = at - candidate; /* distance less one, as the format counts */
        if (gap >= RK_LZMA_DICTIONARY - RK_LZMA_MATCH_MAX)
            break;
        uint32_t len = same(e, at, gap, most);
        if (len > best && (len > MATCH_MIN || (len == MATCH_MIN && gap < NEAR))) {
            best = len;
            *far = gap;
        }
        uint32_t step = e->previous ? e->previous[(candidate - 1) % RK_LZMA_DICTIONARY] : 0;
        candidate = step && best < most ? candidate - step : 0;
    }
    return best;
}

static uint32_t find_repeated(const struct rk_lzma_encoder *e, uint32_t most, unsigned *which)
{
    uint32_t best = 0;
    uint8_t here = byte_at(e, e->at);

    for (unsigned i = 0; i < 4 && best < GOOD_ENOUGH; i++) {
        if (e->rep[i] >= e->at || byte_at(e, e->at - e->rep[i] - 1) != here)
            continue;
        uint32_t len = same(e, e->at, e->rep[i], most);
        if (len > best) {
            best = len;
            *which = i;
        }
    }
    return best;
}

static void step(struct rk_lzma_encoder *e, uint32_t end)
{
    uint32_t most = end - e->at < RK_LZMA_MATCH_MAX ? end - e->at : RK_LZMA_MATCH_MAX;
    uint32_t far = e->ahead_far, len = e->ahead_len, ahead_far = 0;
    unsigned which = 0;
    uint32_t repeated = find_repeated(e, most, &which);

    e->ahead_len = 0;
    if (repeated >= GOOD_ENOUGH) {
        put_repeated(e, which, repeated);
        return;
    }
    if (len == 0) {
        remember(e, e->at, end);
        len = find(e, e->at, most, &far);
    }
    if (repeated >= 2 && repeated + 1 >= len) {
        put_repeated(e, which, repeated);
        return;
    }
    if (len >= MATCH_MIN && len < GOOD_ENOUGH && most > len) {
        uint32_t next = find(e, e->at + 1, most - 1, &ahead_far);
        if (next > len) { /* the byte here is cheaper than a worse match */
            e->ahead_len = next;
            e->ahead_far = ahead_far;
            len = 0;
        }
    }
    if (len >= MATCH_MIN)
        put_match(e, far, len);
    else if (repeated > 0 && which == 0)
        put_repeated(e, 0, 1);
    else
        put_literal(e);
}

void rk_lzma_encode(struct rk_lzma_encoder *e, uint32_t upto, uint32_t end)
{
    while (e->at < upto && e->at < end)
        step(e, end);
}

void rk_lzma_encode_finish(struct rk_lzma_encoder *e)
{
    for (unsigned i = 0; i < 5; i++)
        shift_low(e);
}

void rk_lzma_encode_skip(struct rk_lzma_encoder *e, uint32_t len)
{
    start_coder(e);
    e->at += len;
    e->hashed = e->at;
    e->ahead_len = 0;
}
