/* Virtual BL602: the mask ROM's download mode, and the loader that it puts into RAM. What they say
 * was observed on the executed ROM of May 2020 and on Bouffalo Lab's executed flash loaders. */
#ifndef RK_SIM_BOUFFALO_H
#define RK_SIM_BOUFFALO_H

#include "base/sha256.h"
#include "sim/machine.h"

#define BFL_EFUSE      128u
#define BFL_ROM_MAX    4092u      /* largest payload that the ROM takes */
#define BFL_LOADER_MAX 16388u     /* and the loader */
#define BFL_RAM_BEGIN  0x2008000u /* below one of the aliases 2, 3, 4, 5 */
#define BFL_RAM        0x44000u
#define BFL_WORDS      32u
/* So many bytes 55 at another rate than the module's are a client that looks for one: those known
 * send 70 or more. */
#define BFL_KNOCKS 32u

enum bfl_phase {
    BFL_FLASH,   /* started from flash, or tried to: nobody listens */
    BFL_LISTEN,  /* waits for a byte to measure the rate with */
    BFL_TRAINED, /* has measured it; OK goes out in a moment */
    BFL_DEAF,    /* throws away what comes directly behind its OK */
    BFL_SESSION,
    BFL_RESET /* a restart is on its way */
};

/* How far the ROM is with an image. */
enum bfl_load { BFL_NO_HEADER, BFL_SEGMENTS, BFL_DATA, BFL_COMPLETE, BFL_CHECKED };

struct bouffalo {
    enum bfl_phase phase;
    uint64_t phase_ns; /* when the phase ends by itself */
    uint64_t byte_ns;  /* of the last byte */
    uint64_t recent;   /* the last eight bytes on the wire, as they were sent */
    uint64_t frame_ns; /* of the last whole frame, or the begin of the session */
    unsigned knocks;   /* bytes 55 in a row that were missed */
    bool loader;       /* the image in RAM runs */
    bool old;          /* a vendor's of 2020 or 2021, smaller than the later ones: it says nothing
                          while it erases, and does not know the boot info */
    struct bfl_stub *stub;       /* it is rekindle's own; NULL = a vendor's */
    bool half;                   /* the loader has seen one time-out in this session */
    unsigned failures;           /* errors it has answered in it */
    uint16_t sticky;             /* error of an earlier write, for the write check */
    uint64_t flash_ns;           /* the flash is busy with a write that was acknowledged */
    struct rk_xz_stream *packed; /* what is being unpacked into it; NULL = nothing */
    uint32_t packed_at;          /* and where to */

    uint8_t frame[4 + BFL_LOADER_MAX];
    size_t got;
    uint8_t reply[4 + BFL_LOADER_MAX];

    enum bfl_load load;
    uint32_t segments_left, segment_left, loaded, segment_at; /* in ram */
    uint32_t entry;
    uint8_t *ram; /* BFL_RAM bytes: what was loaded */
    bool hash_ignored;
    uint8_t hash[32];
    struct rk_sha256 *sha;

    uint8_t efuse[BFL_EFUSE];
    struct {
        uint32_t addr, value;
    } words[BFL_WORDS + 1]; /* memory a client wrote; the last is for what is forgotten */
    unsigned word_count;
    uint8_t buffer[256]; /* of the flash controller */
};

static inline struct bouffalo *bfl_of(const struct rk_sim *sim)
{
    return sim->module;
}

/* uart.c */
void bfl_listen(struct rk_sim *sim);
void bfl_measure(struct rk_sim *sim, uint8_t byte, uint32_t baud);
void bfl_byte(struct rk_sim *sim, uint8_t byte);
uint64_t bfl_timer_ns(const struct rk_sim *sim);
void bfl_timer(struct rk_sim *sim);
void bfl_ok(struct rk_sim *sim);
/* OK, the length, and `len` bytes from bfl->reply + 4 on. */
void bfl_data(struct rk_sim *sim, size_t len);
void bfl_pending(struct rk_sim *sim);
void bfl_fail(struct rk_sim *sim, uint16_t code);

/* rom.c, loader.c: a complete frame. */
bool bfl_rom_knows(uint8_t op);
void bfl_rom(struct rk_sim *sim, uint8_t op, const uint8_t *payload, size_t len);
void bfl_loader(struct rk_sim *sim, uint8_t op, const uint8_t *payload, size_t len);

/* packed.c: one piece of an xz stream, from when the flash is free; and that there are no more. */
void bfl_packed_write(struct rk_sim *sim, uint64_t begin_ns, const uint8_t *payload, size_t len);
void bfl_packed_end(struct bouffalo *bfl);

/* memory.c: what is common to both: efuses, memory, boot info. */
void bfl_boot_info(struct rk_sim *sim, uint32_t version);
void bfl_efuse_read(struct rk_sim *sim, const uint8_t *payload, size_t len);
void bfl_efuse_make(uint8_t efuse[BFL_EFUSE], const uint8_t mac[6]);
uint32_t bfl_memory_read(struct rk_sim *sim, uint32_t addr);
void bfl_memory_write(struct rk_sim *sim, uint32_t addr, uint32_t value);

/* What is in the flash begins to run. */
void bfl_start_flash(struct rk_sim *sim);
/* The next unit of an erase that begins at addr and ends with the byte `last`. */
uint32_t bfl_erase_unit(uint32_t addr, uint32_t last);

#endif
