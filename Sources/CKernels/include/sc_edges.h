#pragma once
// Sums over lists of weighted edges: what items lead to, and how much.

#include <stddef.h>
#include <stdint.h>

/// One edge of an item's list: where it leads and how much it weighs.
typedef struct {
    uint32_t item;
    float weight;
} sc_edge;

/// Adds `share` times each edge's weight to the column's entry of its item, and notes the items met for the first time.
///
/// - Parameters:
///   - column: a float an item.
///   - marks: a byte an item; 0 until the item is noted.
///   - touched: receives the noted items from `noted` on; room for one more than there are items.
/// - Returns: how many items are noted now.
size_t sc_edges_add(const sc_edge *edges, size_t count, float share, float *column, uint8_t *marks, uint32_t *touched,
                    size_t noted);

/// Finds, for the items that have a slot, the largest of their weights so far.
///
/// - Parameters:
///   - share: what each weight is multiplied by.
///   - slots: an entry an item; 0 where it has none, else the slot plus one.
///   - largest: by slot, the largest product so far; replaced where an edge's is larger.
///   - cause: by slot, the cause of the largest product; replaced with it.
///   - this_cause: the cause of these edges.
void sc_edges_loudest(const sc_edge *edges, size_t count, float share, const uint16_t *slots, float *largest,
                      uint32_t *cause, uint32_t this_cause);

/// Raises the column's entry of each edge's item to the edge's weight where that is larger.
void sc_edges_max(const sc_edge *edges, size_t count, float *column);
