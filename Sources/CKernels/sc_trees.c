#include "sc_trees.h"

#include <stdbool.h>
#include <string.h>

#include "sc_clones.h"

typedef float vector __attribute__((ext_vector_type(SC_TREES_LANES)));

enum { TILE = SC_TREES_TILE / SC_TREES_LANES };

// A tree is worked out from its last split to its root: each takes, candidate by candidate, one of what its children came
// to. No candidate branches, whatever the tree's shape. What the last split came to stays in registers, since most often
// the next one asks for it.
SC_CLONES
void sc_trees_add(const sc_tree_node *nodes, const size_t *starts, size_t trees, const float *inputs, size_t count,
                  float *sums) {
    vector kept[SC_TREES_NODES_MAX][TILE];
    for (size_t first = 0; first < count; first += SC_TREES_TILE) {
        vector *sum = (vector *)(sums + first);
        for (size_t tree = 0; tree < trees; tree++) {
            const sc_tree_node *own = nodes + starts[tree];
            if (own->left == 0) {
                for (size_t i = 0; i < TILE; i++) sum[i] += own->value;
                continue;
            }
            vector last[TILE] = {0};
            size_t owner = 0;
            for (size_t k = starts[tree + 1] - starts[tree]; k-- > 0;) {
                const sc_tree_node *node = own + k;
                if (node->left == 0) continue;
                size_t left = (size_t)node->left, right = (size_t)node->right;
                if (owner != 0 && owner != left && owner != right)
                    for (size_t i = 0; i < TILE; i++) kept[owner][i] = last[i];
                const vector *input = (const vector *)(inputs + (size_t)node->feature * SC_TREES_BLOCK + first);
                const vector *low = kept[left], *high = kept[right];
                vector a = own[left].value, b = own[right].value, threshold = node->threshold;
                bool is_left_leaf = own[left].left == 0, is_right_leaf = own[right].left == 0;
                if (is_left_leaf && is_right_leaf) {
                    for (size_t i = 0; i < TILE; i++) last[i] = input[i] > threshold ? b : a;
                } else if (owner == left) {
                    if (is_right_leaf)
                        for (size_t i = 0; i < TILE; i++) last[i] = input[i] > threshold ? b : last[i];
                    else
                        for (size_t i = 0; i < TILE; i++) last[i] = input[i] > threshold ? high[i] : last[i];
                } else if (owner == right) {
                    if (is_left_leaf)
                        for (size_t i = 0; i < TILE; i++) last[i] = input[i] > threshold ? last[i] : a;
                    else
                        for (size_t i = 0; i < TILE; i++) last[i] = input[i] > threshold ? last[i] : low[i];
                } else if (is_left_leaf) {
                    for (size_t i = 0; i < TILE; i++) last[i] = input[i] > threshold ? high[i] : a;
                } else if (is_right_leaf) {
                    for (size_t i = 0; i < TILE; i++) last[i] = input[i] > threshold ? b : low[i];
                } else {
                    for (size_t i = 0; i < TILE; i++) last[i] = input[i] > threshold ? high[i] : low[i];
                }
                owner = k;
            }
            for (size_t i = 0; i < TILE; i++) sum[i] += last[i];
        }
    }
}

// From the root to the last split: where a candidate comes by, it goes on to one child, and the step there is the
// feature's. No candidate branches here either. Two vectors side by side have the sums of one wait for each other less.
static inline __attribute__((always_inline)) void explain(const sc_tree_node *nodes, const size_t *starts, size_t trees,
                                                          const float *inputs, float *parts, const size_t vectors) {
    // By node, 1 where a candidate comes by, else 0.
    vector passes[SC_TREES_NODES_MAX][2];
    for (size_t tree = 0; tree < trees; tree++) {
        const sc_tree_node *own = nodes + starts[tree];
        size_t size = starts[tree + 1] - starts[tree];
        for (size_t i = 0; i < vectors; i++) passes[0][i] = 1.0f;
        for (size_t k = 0; k < size; k++) {
            const sc_tree_node *node = own + k;
            if (node->left == 0) continue;
            const vector *input = (const vector *)(inputs + (size_t)node->feature * SC_TREES_BLOCK);
            vector *part = (vector *)(parts + (size_t)node->feature * SC_TREES_BLOCK);
            const sc_tree_node *low = own + node->left, *high = own + node->right;
            float down = low->value - node->value, up = high->value - node->value;
            bool is_low_split = low->left != 0, is_high_split = high->left != 0;
            vector threshold = node->threshold, none = 0.0f;
            for (size_t i = 0; i < vectors; i++) {
                vector right = input[i] > threshold ? passes[k][i] : none, left = passes[k][i] - right;
                if (is_low_split) passes[node->left][i] = left;
                if (is_high_split) passes[node->right][i] = right;
                part[i] += left * down + right * up;
            }
        }
    }
}

SC_CLONES
void sc_trees_explain(const sc_tree_node *nodes, const size_t *starts, size_t trees, const float *inputs, size_t count,
                      float *parts) {
    size_t first = 0;
    for (; first + SC_TREES_LANES < count; first += 2 * SC_TREES_LANES)
        explain(nodes, starts, trees, inputs + first, parts + first, 2);
    if (first < count) explain(nodes, starts, trees, inputs + first, parts + first, 1);
}

void sc_trees_histogram(const uint8_t *bins, const int32_t *rows, const float *slopes, size_t count,
                        sc_tree_bin *sums) {
    // Most rows of many features share one bin; four copies let their sums overlap instead of waiting for each other.
    sc_tree_bin copies[4][256];
    memset(copies, 0, sizeof copies);
    for (size_t i = 0; i < count; i++) {
        sc_tree_bin *bin = &copies[i % 4][bins[rows[i]]];
        bin->gradient += slopes[2 * i];
        bin->curvature += slopes[2 * i + 1];
        bin->rows += 1;
    }
    for (int bin = 0; bin < 256; bin++) {
        for (int copy = 0; copy < 4; copy++) {
            sums[bin].gradient += copies[copy][bin].gradient;
            sums[bin].curvature += copies[copy][bin].curvature;
            sums[bin].rows += copies[copy][bin].rows;
        }
    }
}
