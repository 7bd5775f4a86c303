#pragma once
// Sums of regression trees for blocks of candidates.

#include <stddef.h>
#include <stdint.h>

/// Candidates that a vector holds.
#define SC_TREES_LANES 16
/// Candidates whose sums are worked out together; a block holds a whole number of tiles.
#define SC_TREES_TILE 128
/// The most candidates that go through the trees side by side.
#define SC_TREES_BLOCK 512
/// The most nodes of one tree.
#define SC_TREES_NODES_MAX 127

/// One node of a tree. A leaf has no children, and its value is the tree's.
typedef struct {
    /// The row of the inputs that a split looks at.
    int32_t feature;
    /// Above it a candidate goes right, else left.
    float threshold;
    /// Positions in the same tree, larger than the node's own; 0 for none.
    int32_t left, right;
    float value;
} sc_tree_node;

/// Adds what each tree gives each of `count` candidates to its sum, tree by tree.
///
/// - Parameters:
///   - nodes: of all trees, one after the other, each tree's root first.
///   - starts: where each tree starts, and where the last one ends; `trees + 1` of them.
///   - inputs: shape `[features, SC_TREES_BLOCK]`, a row a feature, aligned to 64 bytes.
///   - sums: SC_TREES_BLOCK, aligned to 64 bytes.
void sc_trees_add(const sc_tree_node *nodes, const size_t *starts, size_t trees, const float *inputs, size_t count,
                  float *sums);

/// Adds, by feature, what the splits on each candidate's way down each tree change the mean by.
///
/// - Parameters:
///   - inputs, count: as above.
///   - parts: shape `[features, SC_TREES_BLOCK]`, aligned as `inputs`.
void sc_trees_explain(const sc_tree_node *nodes, const size_t *starts, size_t trees, const float *inputs, size_t count,
                      float *parts);

/// What a bin of a histogram sums up.
typedef struct {
    double gradient, curvature, rows;
} sc_tree_bin;

/// Adds the slopes of some rows to the bins that they are in.
///
/// - Parameters:
///   - bins: the bin of every row.
///   - rows: `count` rows.
///   - slopes: gradient and curvature of each of these, in their order.
///   - sums: 256 bins.
void sc_trees_histogram(const uint8_t *bins, const int32_t *rows, const float *slopes, size_t count, sc_tree_bin *sums);
