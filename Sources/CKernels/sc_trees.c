#include "sc_trees.h"

#include <string.h>

#include "sc_clones.h"

typedef float vector __attribute__((ext_vector_type(SC_TREES_LANES)));

// A tree is worked out from its last split to its root: each takes, candidate by candidate, one of what its children came
// to. No candidate branches, whatever the tree's shape.
SC_CLONES
void sc_trees_add(const sc_tree_node *nodes, const size_t *starts, size_t trees, const float *inputs, size_t count,
                  float *sums) {
    enum { VECTORS = SC_TREES_BLOCK / SC_TREES_LANES };
    vector values[SC_TREES_NODES_MAX / 2 + 1][VECTORS];
    // Where a node's values are, of those that are splits.
    uint8_t rows[SC_TREES_NODES_MAX];
    size_t vectors = (count + SC_TREES_LANES - 1) / SC_TREES_LANES;
    vector *sum = (vector *)sums;
    for (size_t tree = 0; tree < trees; tree++) {
        const sc_tree_node *own = nodes + starts[tree];
        size_t size = starts[tree + 1] - starts[tree];
        if (own->left == 0) {
            for (size_t i = 0; i < vectors; i++) sum[i] += own->value;
            continue;
        }
        uint8_t used = 0;
        for (size_t k = size; k-- > 0;) {
            const sc_tree_node *node = own + k;
            if (node->left == 0) continue;
            const vector *input = (const vector *)(inputs + (size_t)node->feature * SC_TREES_BLOCK);
            const sc_tree_node *left = own + node->left, *right = own + node->right;
            rows[k] = used++;
            vector *out = values[rows[k]];
            vector a = left->value, b = right->value, threshold = node->threshold;
            if (left->left == 0 && right->left == 0) {
                for (size_t i = 0; i < vectors; i++) out[i] = input[i] > threshold ? b : a;
            } else if (left->left == 0) {
                const vector *high = values[rows[node->right]];
                for (size_t i = 0; i < vectors; i++) out[i] = input[i] > threshold ? high[i] : a;
            } else if (right->left == 0) {
                const vector *low = values[rows[node->left]];
                for (size_t i = 0; i < vectors; i++) out[i] = input[i] > threshold ? b : low[i];
            } else {
                const vector *low = values[rows[node->left]], *high = values[rows[node->right]];
                for (size_t i = 0; i < vectors; i++) out[i] = input[i] > threshold ? high[i] : low[i];
            }
        }
        for (size_t i = 0; i < vectors; i++) sum[i] += values[used - 1][i];
    }
}

// From the root to the last split: where a candidate comes by, it goes on to one child, and the step there is the
// feature's. No candidate branches here either.
SC_CLONES
void sc_trees_explain(const sc_tree_node *nodes, const size_t *starts, size_t trees, const float *inputs, size_t count,
                      float *parts) {
    // By node, 1 where a candidate comes by, else 0.
    vector passes[SC_TREES_NODES_MAX];
    for (size_t first = 0; first < count; first += SC_TREES_LANES) {
        for (size_t tree = 0; tree < trees; tree++) {
            const sc_tree_node *own = nodes + starts[tree];
            size_t size = starts[tree + 1] - starts[tree];
            passes[0] = 1.0f;
            for (size_t k = 0; k < size; k++) {
                const sc_tree_node *node = own + k;
                if (node->left == 0) continue;
                vector input = *(const vector *)(inputs + (size_t)node->feature * SC_TREES_BLOCK + first);
                vector threshold = node->threshold, none = 0.0f;
                vector right = input > threshold ? passes[k] : none, left = passes[k] - right;
                passes[node->left] = left;
                passes[node->right] = right;
                vector *part = (vector *)(parts + (size_t)node->feature * SC_TREES_BLOCK + first);
                *part += left * (own[node->left].value - node->value) + right * (own[node->right].value - node->value);
            }
        }
    }
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
