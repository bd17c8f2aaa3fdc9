/* Fields of an OpenBeken record as text, and back. */
#include "config/obk.h"

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct rk_obk_field *find_field(const struct rk_obk *obk, const char *name,
                                             struct rk_obk_span *span)
{
    for (size_t i = 0; i < rk_obk_field_count; i++) {
        if (!rk_text_same(rk_obk_fields[i].name, name))
            continue;
        *span = rk_obk_span_of(obk, &rk_obk_fields[i]);
        if (span->size)
            return &rk_obk_fields[i];
    }
    return NULL;
}

/* ---- numbers ---- */

static float get_float(const uint8_t *p)
{
    uint32_t bits = rk_get_le32(p);
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A decimal number, whatever the locale says; *p is left behind it. */
static bool scan_float(const char **p, float *out)
{
    const char *s = *p + (**p == '-');
    double value = 0, unit = 1;
    const char *digits = s;

    for (; *s >= '0' && *s <= '9' && s - digits < 12; s++)
        value = value * 10 + (*s - '0');
    if (s == digits)
        return false;
    if (*s == '.')
        for (s++; *s >= '0' && *s <= '9' && unit > 1e-9; s++)
            value += (unit /= 10) * (*s - '0');
    *out = (float)(**p == '-' ? -value : value);
    *p = s;
    return true;
}

static void append_float(struct rk_buffer *out, float value)
{
    char text[48];

    rk_text_format(text, sizeof text, "%.9g", (double)value);
    for (unsigned digits = 1; digits < 9; digits++) {
        char shorter[48];
        rk_text_format(shorter, sizeof shorter, "%.*g", (int)digits, (double)value);
        for (char *c = shorter; *c; c++)
            *c = (char)(*c == ',' ? '.' : *c);
        const char *p = shorter;
        float back;
        if (scan_float(&p, &back) && *p == '\0' && memcmp(&back, &value, sizeof back) == 0) {
            rk_buffer_put(out, "%s", shorter);
            return;
        }
    }
    for (char *c = text; *c; c++)
        *c = (char)(*c == ',' ? '.' : *c);
    rk_buffer_put(out, "%s", text);
}

/* ---- reading ---- */

static void append_text(struct rk_buffer *out, const uint8_t *p, size_t size)
{
    char text[4 * RK_OBK_LENGTH];
    size_t n = 0;

    while (n < size && p[n])
        n++;
    rk_text_escape(text, sizeof text, p, n);
    rk_buffer_put(out, "%s", text);
}

static void append_field(struct rk_buffer *out, const struct rk_obk_field *f, const uint8_t *p,
                         size_t size)
{
    switch (f->kind) {
    case RK_OBK_TEXT:
        append_text(out, p, size);
        break;
    case RK_OBK_U8:
        rk_buffer_put(out, "%u", p[0]);
        break;
    case RK_OBK_U16:
        rk_buffer_put(out, "%u", rk_get_le16(p));
        break;
    case RK_OBK_U32:
        rk_buffer_put(out, "%u", (unsigned)rk_get_le32(p));
        break;
    case RK_OBK_MAC:
        rk_buffer_put(out, "%02X:%02X:%02X:%02X:%02X:%02X", p[0], p[1], p[2], p[3], p[4], p[5]);
        break;
    case RK_OBK_IP:
        rk_buffer_put(out, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
        break;
    case RK_OBK_BYTES:
        for (size_t i = 0; i < size; i++)
            rk_buffer_put(out, "%s%u", i ? " " : "", p[i]);
        break;
    case RK_OBK_FLOATS:
        for (size_t i = 0; i + 4 <= size; i += 4) {
            rk_buffer_put(out, "%s", i ? " " : "");
            append_float(out, get_float(p + i));
        }
        break;
    case RK_OBK_WORDS:
        for (size_t i = 0; i + 4 <= size; i += 4)
            rk_buffer_put(out, "%s0x%08x", i ? " " : "", (unsigned)rk_get_le32(p + i));
        break;
    }
}

static uint64_t get_flags(const struct rk_obk *obk)
{
    return (uint64_t)rk_get_le32(obk->bytes + 12) << 32 | rk_get_le32(obk->bytes + 8);
}

/* A name with a number in it: "pin.26" is "pin." + 26 + "". False if it does not fit. */
static bool numbered(const char *name, const char *head, const char *tail, unsigned limit,
                     unsigned *number)
{
    size_t n = strlen(head);

    if (strncmp(name, head, n) != 0 || name[n] < '0' || name[n] > '9')
        return false;
    *number = 0;
    for (name += n; *name >= '0' && *name <= '9' && *number <= limit; name++)
        *number = *number * 10 + (unsigned)(*name - '0');
    return *number < limit && strcmp(name, tail) == 0;
}

static unsigned pin_limit(const struct rk_obk *obk)
{
    const struct rk_obk_platform *p = obk->facts.platform;
    unsigned room = rk_obk_pin_room(obk);

    return p && p->gpio_max && p->gpio_max < room ? p->gpio_max : room;
}

static void pin_text(const struct rk_obk *obk, unsigned pin, char *out, size_t cap)
{
    const uint8_t *pins = obk->bytes + rk_obk_layouts[obk->layout].pins;
    unsigned room = rk_obk_pin_room(obk), role = pins[pin];
    const char *name = rk_obk_role_name(role);

    if (name)
        rk_text_format(out, cap, "%s;%u", name, pins[room + pin]);
    else
        rk_text_format(out, cap, "%u;%u", role, pins[room + pin]);
    if (pins[2 * room + pin])
        rk_text_append(out, cap, ";%u", pins[2 * room + pin]);
}

bool rk_obk_item_text(const struct rk_obk *obk, const char *name, char *out, size_t cap)
{
    const struct rk_obk_layout *layout = &rk_obk_layouts[obk->layout];
    unsigned n;

    if (strcmp(name, "flags") == 0) {
        rk_text_format(out, cap, "%llu", (unsigned long long)get_flags(obk));
    } else if (numbered(name, "flag.", "", 64, &n)) {
        rk_text_format(out, cap, "%u", (unsigned)(get_flags(obk) >> n & 1));
    } else if (numbered(name, "pin.", "", rk_obk_pin_room(obk), &n)) {
        pin_text(obk, n, out, cap);
    } else if (numbered(name, "channel.", ".type", RK_OBK_CHANNELS, &n)) {
        unsigned type = obk->bytes[layout->pins + 3 * rk_obk_pin_room(obk) + n];
        if (type < rk_obk_channel_type_count)
            rk_text_copy(out, cap, rk_obk_channel_types[type]);
        else
            rk_text_format(out, cap, "%u", type);
    } else if (layout->starts && numbered(name, "channel.", ".start", RK_OBK_CHANNELS, &n)) {
        rk_text_format(out, cap, "%d", (int16_t)rk_get_le16(obk->bytes + layout->starts + 2 * n));
    } else {
        return false;
    }
    return true;
}

static enum rk_status say_no_field(const char *name, struct rk_error *err)
{
    const char *near =
        rk_text_nearest(name, &rk_obk_fields[0].name, rk_obk_field_count, sizeof rk_obk_fields[0]);

    rk_fail(err, RK_ERR_ARG, "config.field", "this configuration has no field \"%s\"", name);
    if (near)
        rk_error_hint(err, "did you mean %s?", near);
    else
        rk_error_hint(err, "fields are named like wifi.ssid, mqtt.host, pin.26, channel.1.type, "
                           "flag.10, startup");
    return RK_ERR_ARG;
}

enum rk_status rk_obk_get(const struct rk_obk *obk, const char *name, char **value, bool *secret,
                          struct rk_error *err)
{
    struct rk_buffer out = {0};
    struct rk_obk_span span;
    char text[64];
    const struct rk_obk_field *field = find_field(obk, name, &span);

    if (field)
        append_field(&out, field, obk->bytes + span.offset, span.size);
    else if (rk_obk_item_text(obk, name, text, sizeof text))
        rk_buffer_put(&out, "%s", text);
    else
        return say_no_field(name, err);
    if (secret)
        *secret = field && field->secret;
    return rk_buffer_take(&out, value, err);
}

/* ---- visiting ---- */

struct visit {
    void (*call)(void *user, const struct rk_obk_item *item);
    void *user;
};

static void visit_numbered(const struct rk_obk *obk, const struct visit *v, const char *fmt,
                           unsigned number, const char *meaning)
{
    char name[32], value[64];

    /* The format is one of ours, with a single %u. */
    const char *hole = strstr(fmt, "%u");
    rk_text_format(name, sizeof name, "%.*s%u%s", (int)(hole - fmt), fmt, number, hole + 2);
    if (rk_obk_item_text(obk, name, value, sizeof value)) {
        struct rk_obk_item item = {name, value, meaning, false};
        v->call(v->user, &item);
    }
}

static void visit_pins(const struct rk_obk *obk, const struct visit *v)
{
    const struct rk_obk_layout *layout = &rk_obk_layouts[obk->layout];
    const uint8_t *pins = obk->bytes + layout->pins;
    unsigned room = rk_obk_pin_room(obk);

    for (unsigned i = 0; i < room; i++)
        if (pins[i])
            visit_numbered(obk, v, "pin.%u", i, "role; channel");
    for (unsigned i = 0; i < RK_OBK_CHANNELS; i++)
        if (pins[3 * room + i])
            visit_numbered(obk, v, "channel.%u.type", i, "type of the channel");
    for (unsigned i = 0; layout->starts && i < RK_OBK_CHANNELS; i++)
        if (rk_get_le16(obk->bytes + layout->starts + 2 * i))
            visit_numbered(obk, v, "channel.%u.start", i, "value after a start; -1 = the last one");
    for (unsigned i = 0; i < 64; i++)
        if (get_flags(obk) >> i & 1)
            visit_numbered(obk, v, "flag.%u", i,
                           i < rk_obk_flag_count ? rk_obk_flags[i].meaning : "unknown flag");
}

void rk_obk_visit(const struct rk_obk *obk, void (*visit)(void *user, const struct rk_obk_item *),
                  void *user)
{
    const struct visit v = {visit, user};

    for (size_t i = 0; i < rk_obk_field_count; i++) {
        const struct rk_obk_field *f = &rk_obk_fields[i];
        struct rk_obk_span span = rk_obk_span_of(obk, f);
        struct rk_buffer out = {0};
        if (span.size == 0 || rk_bytes_all(obk->bytes + span.offset, span.size, 0))
            continue;
        append_field(&out, f, obk->bytes + span.offset, span.size);
        if (!out.failed && out.text) {
            struct rk_obk_item item = {f->name, out.text, f->meaning, f->secret};
            visit(user, &item);
        }
        rk_buffer_free(&out);
    }
    visit_pins(obk, &v);
}

/* ---- writing ---- */

static enum rk_status bad_value(struct rk_error *err, const char *name, const char *value,
                                const char *why)
{
    rk_fail(err, RK_ERR_ARG, "config.value", "%s cannot be \"%s\"", name, value);
    rk_error_hint(err, "%s", why);
    return RK_ERR_ARG;
}

/* Integers separated by `mark`; false, and nothing written, unless there are exactly `count` (at
 * most 16), each at most max. */
static bool scan_numbers(const char *text, char mark, unsigned count, unsigned max, uint8_t *out)
{
    uint8_t trial[16];

    if (count > sizeof trial)
        return false;
    for (unsigned i = 0; i < count; i++) {
        unsigned value = 0;
        const char *first = text;
        for (; *text >= '0' && *text <= '9' && value <= max; text++)
            value = value * 10 + (unsigned)(*text - '0');
        if (text == first || value > max || (i + 1 < count ? *text++ != mark : *text != '\0'))
            return false;
        trial[i] = (uint8_t)value;
    }
    memcpy(out, trial, count);
    return true;
}

static bool scan_mac(const char *text, uint8_t out[6])
{
    uint8_t trial[6];

    for (unsigned i = 0; i < 6; i++) {
        unsigned value = 0;
        for (unsigned k = 0; k < 2; k++, text++) {
            char c = (char)(*text >= 'a' && *text <= 'f' ? *text - 32 : *text);
            if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')))
                return false;
            value = value * 16 + (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
        }
        if (i < 5 ? *text++ != ':' : *text != '\0')
            return false;
        trial[i] = (uint8_t)value;
    }
    memcpy(out, trial, sizeof trial);
    return true;
}

static bool scan_list(const struct rk_obk_field *f, const char *text, uint8_t *p, size_t size)
{
    uint8_t trial[64];

    if (f->kind == RK_OBK_BYTES)
        return scan_numbers(text, ' ', (unsigned)size, 255, p);
    for (size_t i = 0; i + 4 <= size && size <= sizeof trial; i += 4) {
        float value;
        uint32_t bits;
        if (!scan_float(&text, &value) || *text != (i + 4 < size ? ' ' : '\0'))
            return false;
        text += i + 4 < size;
        memcpy(&bits, &value, sizeof bits);
        rk_put_le32(trial + i, bits);
    }
    memcpy(p, trial, size);
    return true;
}

static enum rk_status set_number(const struct rk_obk_field *f, const char *value, uint8_t *p,
                                 size_t size, struct rk_error *err)
{
    uint64_t max = f->kind == RK_OBK_U8    ? UINT8_MAX
                   : f->kind == RK_OBK_U16 ? UINT16_MAX
                                           : UINT32_MAX;
    uint64_t number;
    enum rk_status st = rk_parse_u64(value, max, &number, err);

    if (st != RK_OK)
        return st;
    memset(p, 0, size);
    for (size_t i = 0; i < size && i < 4; i++)
        p[i] = (uint8_t)(number >> 8 * i);
    return RK_OK;
}

static enum rk_status set_text(const struct rk_obk_field *f, const char *value, uint8_t *p,
                               size_t size, struct rk_error *err)
{
    char why[80];
    size_t n = strlen(value);

    if (n >= size) {
        rk_text_format(why, sizeof why, "at most %zu characters fit, these are %zu", size - 1, n);
        return bad_value(err, f->name, f->secret ? "..." : value, why);
    }
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7F)
            return bad_value(err, f->name, f->secret ? "..." : value,
                             "control characters are not allowed");
    memset(p, 0, size);
    memcpy(p, value, n);
    return RK_OK;
}

static enum rk_status set_field(const struct rk_obk_field *f, const char *value, uint8_t *p,
                                size_t size, struct rk_error *err)
{
    switch (f->kind) {
    case RK_OBK_TEXT:
        return set_text(f, value, p, size, err);
    case RK_OBK_MAC:
        return scan_mac(value, p) ? RK_OK
                                  : bad_value(err, f->name, value, "write it as 10:5A:17:F3:D6:37");
    case RK_OBK_IP:
        return scan_numbers(value, '.', 4, 255, p)
                   ? RK_OK
                   : bad_value(err, f->name, value, "write it as 192.168.1.20");
    case RK_OBK_BYTES:
    case RK_OBK_FLOATS:
        return scan_list(f, value, p, size)
                   ? RK_OK
                   : bad_value(err, f->name, value,
                               "write all its numbers, separated by single blanks");
    case RK_OBK_WORDS:
        return bad_value(err, f->name, value, "calibration is measured by the device, not set");
    default:
        return set_number(f, value, p, size, err);
    }
}

/* "Rel;1" or "Btn;1;2" or "Rel". */
static enum rk_status set_pin(struct rk_obk *obk, const char *name, unsigned pin, const char *value,
                              struct rk_error *err)
{
    uint8_t *pins = obk->bytes + rk_obk_layouts[obk->layout].pins;
    unsigned room = rk_obk_pin_room(obk);
    uint8_t channels[2] = {0, 0};
    char role[40];
    size_t n = strcspn(value, ";");

    rk_text_format(role, sizeof role, "%.*s", (int)(n < 39 ? n : 39), value);
    int number = rk_obk_role_find(role);
    if (number < 0)
        return bad_value(err, name, value,
                         "there is no such role; roles are named like Rel, Btn, "
                         "WifiLED_n, PWM");
    const char *rest = value[n] ? value + n + 1 : NULL;
    if (rest && !scan_numbers(rest, ';', strchr(rest, ';') ? 2 : 1, 63, channels))
        return bad_value(err, name, value,
                         "write ROLE;CHANNEL or ROLE;CHANNEL;CHANNEL2, channels "
                         "from 0 to 63");
    if (pin >= pin_limit(obk))
        return bad_value(err, name, value, "this platform has no such pin");
    pins[pin] = (uint8_t)number;
    pins[room + pin] = channels[0];
    pins[2 * room + pin] = channels[1];
    return RK_OK;
}

static enum rk_status set_type(struct rk_obk *obk, const char *name, unsigned channel,
                               const char *value, struct rk_error *err)
{
    uint8_t *types =
        obk->bytes + rk_obk_layouts[obk->layout].pins + 3 * (size_t)rk_obk_pin_room(obk);

    for (size_t i = 0; i < rk_obk_channel_type_count; i++)
        if (rk_text_same(rk_obk_channel_types[i], value)) {
            types[channel] = (uint8_t)i;
            return RK_OK;
        }
    return bad_value(err, name, value,
                     "there is no such channel type; try Toggle, Dimmer or "
                     "Temperature");
}

static enum rk_status set_start(struct rk_obk *obk, const char *name, unsigned channel,
                                const char *value, struct rk_error *err)
{
    uint64_t number;
    bool minus = value[0] == '-';

    if (rk_parse_u64(value + minus, minus ? 32768 : 32767, &number, NULL) != RK_OK)
        return bad_value(err, name, value,
                         "it is a number from -32768 to 32767; -1 = the value "
                         "before the restart");
    uint16_t raw = (uint16_t)(minus ? 65536u - number : number);
    rk_put_le16(obk->bytes + rk_obk_layouts[obk->layout].starts + 2 * channel, raw);
    return RK_OK;
}

static enum rk_status set_flags(struct rk_obk *obk, uint64_t flags)
{
    rk_put_le32(obk->bytes + 8, (uint32_t)flags);
    rk_put_le32(obk->bytes + 12, (uint32_t)(flags >> 32));
    return RK_OK;
}

enum rk_status rk_obk_set(struct rk_obk *obk, const char *name, const char *value,
                          struct rk_error *err)
{
    struct rk_obk_span span;
    const struct rk_obk_field *field = find_field(obk, name, &span);
    uint64_t number;
    unsigned n;

    if (field)
        return set_field(field, value, obk->bytes + span.offset, span.size, err);
    if (numbered(name, "pin.", "", rk_obk_pin_room(obk), &n))
        return set_pin(obk, name, n, value, err);
    if (numbered(name, "channel.", ".type", RK_OBK_CHANNELS, &n))
        return set_type(obk, name, n, value, err);
    if (rk_obk_layouts[obk->layout].starts &&
        numbered(name, "channel.", ".start", RK_OBK_CHANNELS, &n))
        return set_start(obk, name, n, value, err);
    if (strcmp(name, "flags") == 0) {
        enum rk_status st = rk_parse_u64(value, UINT64_MAX, &number, err);
        return st == RK_OK ? set_flags(obk, number) : st;
    }
    if (numbered(name, "flag.", "", 64, &n)) {
        if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
            return bad_value(err, name, value, "a flag is 0 or 1");
        uint64_t bit = (uint64_t)1 << n, flags = get_flags(obk);
        return set_flags(obk, value[0] == '1' ? flags | bit : flags & ~bit);
    }
    return say_no_field(name, err);
}
