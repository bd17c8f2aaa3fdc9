/* EasyFlash: the key-value log in which firmware of the BL602 and other chips keeps its settings. */
#ifndef REKINDLE_EASYFLASH_H
#define REKINDLE_EASYFLASH_H

#include <rekindle/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A key that is valid now. */
struct rk_store_key {
    char name[64];   /* printable; cut if longer */
    uint32_t offset; /* of the value in the bytes */
    uint32_t length; /* of the value */
    bool harmless;   /* counters of starts and the like: everything else may be a secret */
};

/* Lists the keys of every log in the bytes (a capture, or a log alone), in order of their place:
 * writes at most cap of them and returns how many there are. Only entries that are completely
 * written, not deleted and with a right checksum count; of two with one name the newer does. */
size_t rk_store_keys(const uint8_t *data, size_t len, struct rk_store_key *out, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
