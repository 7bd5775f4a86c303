/// Full ranking: the scores of many queries for all items at once, and the best items of each.

#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Queries that are scored together, and items that stand side by side in a panel.
#define SC_RANK_QUERIES 8
#define SC_RANK_ITEMS 32

/// Packs `count` rows of `columns` floats into panels of SC_RANK_ITEMS rows, each of shape
/// [columns, SC_RANK_ITEMS]; the last one is padded with zeros.
void sc_rank_pack(const float *rows, size_t count, size_t columns, float *panels);

/// The inner products of SC_RANK_QUERIES queries with all items of `panel_count` panels.
///
/// `queries` has shape [columns, SC_RANK_QUERIES]; `scores` receives shape [SC_RANK_QUERIES,
/// stride], of which the first `panel_count * SC_RANK_ITEMS` columns are written.
void sc_rank_scores(
    const float *queries, const float *panels, size_t panel_count, size_t columns, float *scores,
    size_t stride);

/// Finds the best of `count` scores and writes their indexes to `best`, best first; returns how
/// many there are.
///
/// Scores of minus infinity or NaN are never among them, so there may be fewer than `k`. Equal
/// scores stand in a fixed order that has nothing to do with the order of the items. `keys` is
/// scratch for 2 k + SC_RANK_ITEMS words.
size_t sc_rank_top(const float *scores, size_t count, size_t k, uint64_t *keys, int32_t *best);

struct sc_rank_standing {
    size_t higher, tied;
};

/// How many of the scores are higher than `score`, and how many are equal to it.
struct sc_rank_standing sc_rank_count(const float *scores, size_t count, float score);

#pragma clang assume_nonnull end
