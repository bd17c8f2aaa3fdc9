/* What packing and unpacking have in common: the probability model and its contexts. */
#include "base/lzma.h"

#define HALF 1024u

void rk_lzma_model_init(struct rk_lzma_model *model)
{
    uint16_t *all = (uint16_t *)(void *)model;

    for (size_t i = 0; i < sizeof *model / sizeof *all; i++)
        all[i] = HALF;
}

unsigned rk_lzma_next_state(unsigned state, enum rk_lzma_symbol symbol)
{
    switch (symbol) {
    case RK_LZMA_LITERAL:
        return state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
    case RK_LZMA_MATCH:
        return state < 7 ? 7 : 10;
    case RK_LZMA_REP:
        return state < 7 ? 8 : 11;
    case RK_LZMA_SHORT_REP:
        break;
    }
    return state < 7 ? 9 : 11;
}

/* A slot of n direct bits has a tree of 2^n - 1 nodes, numbered from 1. */
unsigned rk_lzma_distance_tree(unsigned slot)
{
    unsigned bits = (slot >> 1) - 1;

    return ((2 | (slot & 1)) << bits) - slot;
}
