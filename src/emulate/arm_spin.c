/* Loops that only wait: for a bit of a register, for an interrupt, or for a counter to run up. When
 * one round of such a loop has been watched, the rounds up to the next event of the machine are
 * counted as executed without being so. Nothing else is different afterwards: the state, the time and
 * the number of instructions are those that execution would have led to.
 *
 * A round that leaves registers and memory as they were will be the same again for as long as the
 * registers of devices that it has read stay as they are. A round that has changed some values by
 * constant amounts will go on so if each instruction of it keeps that up, until a condition comes out
 * differently: how far that is away can be calculated. */
#include "emulate/arm.h"

#include <string.h>

#define STATE     offsetof(struct rk_arm, r)
#define STATE_LEN (offsetof(struct rk_arm, event) - STATE)
#define WORD(at)  ((at) & ~3u)

enum { MOST = 512, STORES = 48, PATH = 32, PENALTY_MIN = 4, PENALTY_MAX = 16384, KEPT = 15 };
enum { SUB = 2, RSB, ADD, ADC, RSC = 7, TST, CMP = 10, CMN, MOV = 13, MVN = 15 };
enum { EQ, NE, CS, CC, HI = 8, LS, GE, LT, GT, LE, AL };

/* A word of memory that the loop has written. */
struct word {
    uint32_t addr, before;
    uint32_t step; /* what the analysis found that a round adds to it */
};

/* An instruction of the round, and what it has worked on. */
struct step {
    struct rk_arm_op op;
    uint32_t n, m;
    bool passed;
};

struct rk_arm_watch {
    uint8_t before[STATE_LEN];
    uint64_t until; /* registers of devices that were read stay as they are up to then */
    bool broken;    /* the loop does more than to wait */
    bool asked;     /* it has read a register of a device */
    struct word words[STORES];
    size_t word_count;
    struct step path[PATH];
    size_t path_len;
};

/* ---- what a round does ---- */

static uint32_t word_at(const struct rk_arm *a, uint32_t addr)
{
    return rk_get_le32(rk_arm_memory(a, addr)->read + (addr & (RK_BUS_PAGE - 1)));
}

void rk_arm_note_store(struct rk_arm *a, const struct rk_bus_page *page, uint32_t addr)
{
    struct rk_arm_watch *w = a->watch;

    for (size_t i = 0; i < w->word_count; i++)
        if (w->words[i].addr == WORD(addr))
            return;
    if (page->code || w->word_count == STORES) {
        w->broken = true;
        return;
    }
    w->words[w->word_count++] = (struct word){WORD(addr), word_at(a, WORD(addr)), 0};
}

void rk_arm_note_device(struct rk_arm *a, uint32_t addr, bool store)
{
    struct rk_arm_watch *w = a->watch;
    uint64_t until = store ? 0 : rk_bus_device_steady(a->cpu.bus, addr);

    w->asked = true;
    w->until = until < w->until ? until : w->until;
    w->broken |= until == 0;
}

static void note_step(struct rk_arm *a, const struct rk_arm_page *page)
{
    struct rk_arm_watch *w = a->watch;
    uint32_t r15 = a->next + (a->thumb ? 4 : 8);

    if (w->path_len++ >= PATH)
        return;
    struct step *s = &w->path[w->path_len - 1];
    s->op = *rk_arm_op_at(page, a->next);
    s->n = s->op.rn == 15 ? r15 : a->r[s->op.rn];
    s->m = s->op.rm == 15 ? r15 : a->r[s->op.rm];
    s->op.cond &= RK_ARM_CONDITION;
    rk_arm_unmake_branch(&s->op);
    s->passed = rk_arm_passes(a, s->op.cond);
}

/* Executes one instruction. False if an event comes between. */
static bool step(struct rk_arm *a)
{
    struct rk_arm_page *page = rk_arm_page_at(a, a->next);

    if (!page)
        return false;
    note_step(a, page);
    rk_arm_step(a, page);
    if (a->event && (a->stopped || a->cpu.yield || rk_arm_is_interrupted(a)))
        return false;
    a->event = 0;
    return true;
}

/* Executes a round. False if the way does not lead back to the head. */
static bool go_round(struct rk_arm *a, unsigned most)
{
    uint32_t head = a->next;
    bool thumb = a->thumb;

    for (unsigned n = 0; n < most && a->cpu.executed < a->cpu.stop_at; n++) {
        if (!step(a) || a->watch->broken)
            return false;
        if (a->next == head && a->thumb == thumb)
            return true;
    }
    return false;
}

/* ---- a round that changes nothing ---- */

static bool is_same(struct rk_arm *a)
{
    const struct rk_arm_watch *w = a->watch;

    a->r[15] = 0;
    if (memcmp(w->before, (const uint8_t *)a + STATE, STATE_LEN) != 0)
        return false;
    for (size_t i = 0; i < w->word_count; i++)
        if (word_at(a, w->words[i].addr) != w->words[i].before)
            return false;
    return true;
}

static uint64_t rounds_left(const struct rk_arm *a, uint64_t until, uint64_t length)
{
    until = until < a->cpu.stop_at ? until : a->cpu.stop_at;
    return until > a->cpu.executed ? (until - a->cpu.executed) / length : 0;
}

static void skip(struct rk_arm *a, uint64_t rounds, uint64_t length)
{
    a->cpu.executed += rounds * length;
    a->cpu.skipped += rounds * length;
}

/* ---- a round that only counts ---- */

/* A comparison: of x with y, and what a round adds to each. */
struct comparison {
    uint32_t x, y, x_step, y_step;
    bool known;
    bool only_zero; /* whether they are equal is all that can be said */
    bool constant;  /* as in every round */
};

struct analysis {
    struct rk_arm_watch *w;
    uint32_t steps[16]; /* what a round adds to each register, at this point of it */
    struct comparison flags;
    uint64_t rounds; /* that end as the watched one did */
};

static uint64_t until_wrap(uint32_t x, uint32_t step)
{
    uint32_t far = (uint32_t) - (int32_t)step;
    uint32_t flipped = x ^ 0x80000000u, room;

    if (step == 0)
        return UINT64_MAX;
    if (!(step >> 31)) {
        room = UINT32_MAX - (x > flipped ? x : flipped);
        return room / step;
    }
    room = x < flipped ? x : flipped;
    return room / far;
}

static bool outcome(unsigned cond, uint32_t x, uint32_t y)
{
    switch (cond) {
    case EQ:
        return x == y;
    case NE:
        return x != y;
    case CS:
        return x >= y;
    case CC:
        return x < y;
    case HI:
        return x > y;
    case LS:
        return x <= y;
    case GE:
        return (int32_t)x >= (int32_t)y;
    case LT:
        return (int32_t)x < (int32_t)y;
    case GT:
        return (int32_t)x > (int32_t)y;
    default:
        return (int32_t)x <= (int32_t)y;
    }
}

/* Rounds for which the two are not equal, if they are not now. */
static uint64_t until_equal(const struct comparison *c, uint64_t most)
{
    int64_t apart = (int64_t)c->y - c->x;
    int64_t closer = (int64_t)(int32_t)c->x_step - (int32_t)c->y_step;

    if (closer < 0) {
        apart = -apart;
        closer = -closer;
    }
    if (apart <= 0 || closer == 0 || apart % closer)
        return most;
    return (uint64_t)(apart / closer) - 1 < most ? (uint64_t)(apart / closer) - 1 : most;
}

/* How many further rounds a condition comes out as it did. Up to where a value wraps around it turns
 * at most once. */
static uint64_t until_turn(const struct comparison *c, unsigned cond)
{
    uint64_t x_most = until_wrap(c->x, c->x_step), y_most = until_wrap(c->y, c->y_step);
    uint64_t low = 0, high = x_most < y_most ? x_most : y_most;
    bool first = outcome(cond, c->x, c->y);

    if (high == UINT64_MAX || c->x_step == c->y_step)
        return high; /* neither moves, or both do alike */
    if (cond <= NE)
        return c->x == c->y ? 0 : until_equal(c, high);
    while (low < high) {
        uint64_t middle = high - (high - low) / 2;
        uint32_t n = (uint32_t)middle;
        if (outcome(cond, c->x + n * c->x_step, c->y + n * c->y_step) == first)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static bool analyse_condition(struct analysis *n, unsigned cond)
{
    bool usable = cond <= CC || (cond >= HI && cond < AL);

    if (cond == AL)
        return true;
    if (n->flags.known && n->flags.constant)
        return true;
    if (!n->flags.known || !usable || (n->flags.only_zero && cond > NE))
        return false;
    uint64_t rounds = until_turn(&n->flags, cond);
    n->rounds = rounds < n->rounds ? rounds : n->rounds;
    return true;
}

static uint32_t step_of(const struct analysis *n, unsigned reg)
{
    return reg == 15 ? 0 : n->steps[reg];
}

/* The word that an access is in: NULL if the loop does not write it. False if that cannot be told. */
static bool find_word(const struct analysis *n, const struct step *s, struct word **out)
{
    const uint8_t how = s->op.how;
    bool indexed = how & RK_ARM_OFFSET_REG;
    uint32_t offset = indexed ? s->m : s->op.imm;
    uint32_t addr = how & RK_ARM_UP ? s->n + offset : s->n - offset;

    if (s->op.run == rk_arm_ldr_at)
        addr = s->op.imm;
    *out = NULL;
    if (how & RK_ARM_WRITE || !(how & RK_ARM_PRE) || s->op.rd == 15 || step_of(n, s->op.rn) ||
        (indexed && (step_of(n, s->op.rm) || s->op.shift || s->op.amount)))
        return false;
    for (size_t i = 0; i < n->w->word_count; i++)
        if (n->w->words[i].addr == WORD(addr))
            *out = &n->w->words[i];
    return !(addr & 3) || !*out || (*out)->step == 0;
}

/* Whole words may count; of narrower ones only those that stay as they are. */
static bool analyse_access(struct analysis *n, const struct step *s)
{
    rk_arm_run *run = rk_arm_general(s->op.run);
    bool word_load = run == rk_arm_ldr_at || run == rk_arm_ldr, word_store = run == rk_arm_str;
    bool load = word_load || run == rk_arm_ldrb || run == rk_arm_ldrh || run == rk_arm_ldrsb ||
                run == rk_arm_ldrsh;
    bool store = word_store || run == rk_arm_strb || run == rk_arm_strh;
    struct word *word;

    if (!(load || store) || !find_word(n, s, &word))
        return false;
    if (word && word->step && !word_load && !word_store)
        return false;
    if (load)
        n->steps[s->op.rd] = word ? word->step : 0;
    else if (word && word_store)
        word->step = n->steps[s->op.rd];
    return load || word_store || n->steps[s->op.rd] == 0;
}

/* Sums, differences and comparisons of values that move. */
static bool analyse_moving(struct analysis *n, const struct step *s, unsigned opcode,
                           struct comparison c)
{
    switch (opcode) {
    case ADD:
        n->steps[s->op.rd] = c.x_step + c.y_step;
        n->flags = (struct comparison){c.x + c.y, 0, c.x_step + c.y_step, 0, true, true, false};
        return true;
    case SUB:
        n->steps[s->op.rd] = c.x_step - c.y_step;
        n->flags = c;
        return true;
    case RSB:
        n->steps[s->op.rd] = c.y_step - c.x_step;
        n->flags = (struct comparison){c.y, c.x, c.y_step, c.x_step, true, false, false};
        return true;
    case MOV:
        n->steps[s->op.rd] = c.y_step;
        n->flags = (struct comparison){c.y, 0, c.y_step, 0, true, true, false};
        return true;
    case CMP:
        n->flags = c;
        return true;
    default:
        return false;
    }
}

static bool analyse_data(struct analysis *n, const struct step *s)
{
    struct comparison before = n->flags;
    unsigned opcode;
    enum rk_arm_operand kind;
    bool flags, constant;

    if (!rk_arm_data_kind(s->op.run, &opcode, &kind, &flags) || s->op.rd == 15)
        return false;
    struct comparison c = {.x = s->n, .y = s->m, .known = true};
    c.x_step = opcode == MOV || opcode == MVN ? 0 : step_of(n, s->op.rn);
    c.y_step = kind == RK_ARM_IMMEDIATE ? 0 : step_of(n, s->op.rm);
    if (kind == RK_ARM_IMMEDIATE)
        c.y = s->op.imm;
    constant = !c.x_step && !c.y_step && (kind < RK_ARM_BY_LSL || step_of(n, s->op.rs) == 0);
    if (opcode >= ADC && opcode <= RSC)
        return false; /* it takes the carry flag */
    if (kind == RK_ARM_ROR && s->op.amount == 0)
        return false; /* so does this */
    if (constant) {
        if (opcode < TST || opcode > CMN)
            n->steps[s->op.rd] = 0;
        n->flags.known = n->flags.constant = true;
    } else if (kind > RK_ARM_REGISTER || !analyse_moving(n, s, opcode, c)) {
        return false;
    }
    if (!flags)
        n->flags = before;
    return true;
}

static bool analyse_step(struct analysis *n, const struct step *s)
{
    if (!analyse_condition(n, s->op.cond))
        return false;
    if (!s->passed || s->op.run == rk_arm_nothing)
        return true;
    if (s->op.run == rk_arm_branch)
        return true;
    return analyse_access(n, s) || analyse_data(n, s);
}

/* What a round has added to a register. */
static uint32_t change_of(const struct rk_arm *a, unsigned i)
{
    uint32_t before;

    memcpy(&before, a->watch->before + (offsetof(struct rk_arm, r) - STATE + 4 * i), sizeof before);
    return a->r[i] - before;
}

/* Rounds that will be as the watched one was, but for counters; 0 if that is not so at all. */
static uint64_t analyse(const struct rk_arm *a)
{
    struct rk_arm_watch *w = a->watch;
    struct analysis n = {.w = w, .rounds = UINT32_MAX};

    for (unsigned i = 0; i < KEPT; i++)
        n.steps[i] = change_of(a, i);
    for (size_t i = 0; i < w->word_count; i++)
        w->words[i].step = word_at(a, w->words[i].addr) - w->words[i].before;
    for (size_t i = 0; i < w->path_len; i++)
        if (!analyse_step(&n, &w->path[i]))
            return 0;
    for (unsigned i = 0; i < KEPT; i++)
        if (n.steps[i] != change_of(a, i))
            return 0;
    for (size_t i = 0; i < w->word_count; i++)
        if (w->words[i].step != word_at(a, w->words[i].addr) - w->words[i].before)
            return 0;
    return n.rounds;
}

static bool is_kept(const struct rk_arm *a, size_t at, size_t end)
{
    return memcmp(a->watch->before + (at - STATE), (const uint8_t *)a + at, end - at) == 0;
}

/* Nothing but registers, flags and memory has changed. */
static bool only_counts(const struct rk_arm *a)
{
    return is_kept(a, offsetof(struct rk_arm, q), offsetof(struct rk_arm, c)) &&
           is_kept(a, offsetof(struct rk_arm, mode), offsetof(struct rk_arm, v)) &&
           is_kept(a, offsetof(struct rk_arm, thumb), offsetof(struct rk_arm, event));
}

/* Counts on. The last round is left: executing it makes the flags what they have to be. */
static bool count_on(struct rk_arm *a, uint64_t length)
{
    const struct rk_arm_watch *w = a->watch;

    if (w->path_len > PATH || w->asked || a->cpu.bus->aliased || !only_counts(a))
        return false;
    uint64_t rounds = analyse(a), room = rounds_left(a, UINT64_MAX, length);
    rounds = rounds < room ? rounds : room;
    if (rounds < 2)
        return rounds;
    for (unsigned i = 0; i < KEPT; i++)
        a->r[i] += (uint32_t)(rounds - 1) * change_of(a, i);
    for (size_t i = 0; i < w->word_count; i++) {
        uint8_t *bytes = rk_arm_memory(a, w->words[i].addr)->read;
        rk_put_le32(bytes + (w->words[i].addr & (RK_BUS_PAGE - 1)),
                    word_at(a, w->words[i].addr) + (uint32_t)(rounds - 1) * w->words[i].step);
    }
    skip(a, rounds - 1, length);
    return true;
}

/* When to look at the loop again. One that has waited will do so the next time; what is left of one
 * that has counted is a round or two. `length` is that of a round, 0 if this was in vain: if the way
 * is longer than it was before, it does not lead back. */
static void judge(struct rk_arm_head *head, bool waits, uint16_t length)
{
    head->length = length;
    if (length) {
        head->wait = waits ? 0 : 2;
        head->penalty = PENALTY_MIN;
        return;
    }
    head->wait = head->penalty;
    head->penalty = head->penalty < PENALTY_MAX ? (uint16_t)(4 * head->penalty) : PENALTY_MAX;
}

void rk_arm_spin(struct rk_arm *a)
{
    struct rk_arm_head *head = &a->heads[(a->next >> 1) % RK_ARM_HEADS];
    struct rk_arm_watch w;
    uint64_t start = a->cpu.executed, length = 0;
    bool waits = false, counts = false;

    w.until = UINT64_MAX;
    w.broken = w.asked = false;
    w.word_count = w.path_len = 0;
    a->r[15] = 0;
    memcpy(w.before, (const uint8_t *)a + STATE, STATE_LEN);
    a->watch = &w;
    if (go_round(a, head->length ? head->length : MOST)) {
        length = a->cpu.executed - start;
        waits = is_same(a);
        if (waits)
            skip(a, rounds_left(a, w.until, length), length);
        else
            counts = count_on(a, length);
    }
    a->watch = NULL;
    judge(head, waits, (uint16_t)(waits || counts ? length : 0));
}
