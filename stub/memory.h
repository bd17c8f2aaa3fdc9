/* Packing and unpacking take turns in one piece of memory. */
#ifndef STUB_MEMORY_H
#define STUB_MEMORY_H

#include "base/lzma.h"

union memory {
    struct rk_lzma_encoder encoder;
    struct rk_lzma_decoder decoder;
};
extern union memory memory;

#endif
