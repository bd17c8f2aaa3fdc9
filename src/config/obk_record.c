/* The OpenBeken record: checksum, layout, place of every field. */
#include "config/obk.h"

#include "base/bytes.h"
#include "base/text.h"

#include <string.h>

uint8_t rk_obk_crc8(const uint8_t *data, size_t len, bool is_signed)
{
    unsigned crc = 0;

    for (size_t i = 0; i < len; i++)
        for (unsigned byte = data[i], bit = 0; bit < 8; bit++, byte >>= 1) {
            unsigned differs = (crc ^ byte) & 1;
            crc = crc >> 1 | (is_signed ? crc & 0x80 : 0);
            if (differs)
                crc ^= 0x8C;
        }
    return (uint8_t)crc;
}

/* Version 1 combines the checksums of the fields, later versions take one over everything. */
static uint8_t checksum(const uint8_t *record, uint32_t length, uint32_t version, bool is_signed)
{
    uint8_t crc = 0;

    if (version != 1)
        return rk_obk_crc8(record + 4, length - 4, is_signed);
    for (size_t i = 0; i < rk_obk_span_v1_count; i++)
        crc ^= rk_obk_crc8(record + rk_obk_spans_v1[i].offset, rk_obk_spans_v1[i].size, is_signed);
    return crc;
}

bool rk_obk_check(const uint8_t *data, size_t len, struct rk_obk_facts *facts)
{
    static const uint32_t lengths[] = {RK_OBK_LENGTH_OLD, RK_OBK_LENGTH};

    if (len < RK_OBK_LENGTH_OLD || memcmp(data, "CFG", 3) != 0)
        return false;
    uint32_t version = rk_get_le32(data + 4);
    if (version < 1 || version > 5)
        return false;
    for (size_t i = 0; i < 2; i++) {
        uint32_t length = lengths[version > 3 ? 1 - i : i];
        if (length > len || (version < 3 && length != RK_OBK_LENGTH_OLD))
            continue;
        bool is_signed = checksum(data, length, version, true) == data[3];
        bool is_unsigned = checksum(data, length, version, false) == data[3];
        if (!is_signed && !is_unsigned)
            continue;
        facts->version = version;
        facts->length = length;
        facts->crc = is_signed && is_unsigned ? RK_OBK_CRC_UNKNOWN
                     : is_signed              ? RK_OBK_CRC_SIGNED
                                              : RK_OBK_CRC_UNSIGNED;
        return true;
    }
    return false;
}

unsigned rk_obk_layout_of(uint32_t version, char group)
{
    /* Columns of the layout table. Records of version 2 are read in their later form: the fields
     * that the earlier one did not have are zero in it. */
    static const uint8_t of_version[] = {0, 0, 2, 3, 4, 5};

    return group == 'A' ? 6u : group == 'B' ? 7u : group == 'C' ? 8u : of_version[version];
}

struct rk_obk_span rk_obk_span_of(const struct rk_obk *obk, const struct rk_obk_field *field)
{
    struct rk_obk_span span = {field->at[obk->layout].offset, field->at[obk->layout].size};

    if (span.size == 0 || span.offset >= obk->facts.length)
        return (struct rk_obk_span){0, 0};
    if (span.offset + span.size > obk->facts.length) {
        /* Only the start-up command is shorter in old records. */
        span.size = field->kind == RK_OBK_TEXT ? (uint16_t)(obk->facts.length - span.offset) : 0;
    }
    return span;
}

unsigned rk_obk_pin_room(const struct rk_obk *obk)
{
    return (rk_obk_layouts[obk->layout].pins_size - RK_OBK_CHANNELS) / 3u;
}

const uint8_t *rk_obk_seal(struct rk_obk *obk, size_t *len)
{
    uint16_t changes = rk_get_le16(obk->bytes + 0x10);
    bool is_signed = obk->facts.crc == RK_OBK_CRC_SIGNED;

    if (obk->facts.platform && obk->facts.platform->crc != RK_OBK_CRC_UNKNOWN)
        is_signed = obk->facts.platform->crc == RK_OBK_CRC_SIGNED;
    rk_put_le16(obk->bytes + 0x10, (uint16_t)(changes == UINT16_MAX ? changes : changes + 1));
    obk->bytes[3] = checksum(obk->bytes, obk->facts.length, obk->facts.version, is_signed);
    *len = obk->facts.length;
    return obk->bytes;
}

enum rk_status rk_obk_copy(struct rk_obk *obk, const struct rk_obk *from, struct rk_error *err)
{
    const struct rk_obk_facts *a = &obk->facts, *b = &from->facts;
    uint8_t counter[2];

    if (a->version != b->version || a->length != b->length || a->group != b->group) {
        rk_fail(err, RK_ERR_ARG, "config.platform", "the two records have different layouts");
        rk_error_detail(err, "version %u with layout %c, and version %u with layout %c",
                        (unsigned)a->version, a->group, (unsigned)b->version, b->group);
        rk_error_hint(err, "export the settings as JSON and import that");
        return RK_ERR_ARG;
    }
    memcpy(counter, obk->bytes + 0x10, sizeof counter);
    memcpy(obk->bytes, from->bytes, a->length);
    memcpy(obk->bytes + 0x10, counter, sizeof counter);
    return RK_OK;
}

void rk_obk_clear_pins(struct rk_obk *obk)
{
    memset(obk->bytes + rk_obk_layouts[obk->layout].pins, 0, rk_obk_layouts[obk->layout].pins_size);
}

const struct rk_obk_facts *rk_obk_facts(const struct rk_obk *obk)
{
    return &obk->facts;
}

size_t rk_obk_platforms(const struct rk_obk_platform **out)
{
    *out = rk_obk_platform_rows;
    return rk_obk_platform_count;
}

const struct rk_obk_platform *rk_obk_platform_find(const char *name)
{
    for (size_t i = 0; i < rk_obk_platform_count; i++)
        if (rk_text_same(rk_obk_platform_rows[i].name, name))
            return &rk_obk_platform_rows[i];
    return NULL;
}

const char *rk_obk_role_name(unsigned role)
{
    return role < rk_obk_role_count ? rk_obk_roles[role].name : NULL;
}

/* Letters and digits only, in lower case: templates of the field differ in the rest. */
static void simplify(char *out, size_t cap, const char *name)
{
    size_t n = 0;

    for (; *name && n + 1 < cap; name++) {
        if (*name == '_')
            continue;
        out[n++] = (char)(*name >= 'A' && *name <= 'Z' ? *name + 32 : *name);
    }
    out[n] = '\0';
}

int rk_obk_role_find(const char *name)
{
    static const struct {
        const char *old, *now;
    } old_names[] = {
        {"Button", "Btn"}, {"Button_n", "Btn_n"}, {"Relay", "Rel"}, {"Relay_n", "Rel_n"}};
    char wanted[48], have[48];

    for (size_t i = 0; i < sizeof old_names / sizeof old_names[0]; i++)
        if (rk_text_same(old_names[i].old, name))
            name = old_names[i].now;
    for (size_t i = 0; i < rk_obk_role_count; i++)
        if (rk_text_same(rk_obk_roles[i].name, name) || rk_text_same(rk_obk_roles[i].alias, name))
            return (int)i;
    simplify(wanted, sizeof wanted, name);
    for (size_t i = 0; i < rk_obk_role_count; i++) {
        simplify(have, sizeof have, rk_obk_roles[i].name);
        if (wanted[0] && strcmp(have, wanted) == 0)
            return (int)i;
    }
    return -1;
}
