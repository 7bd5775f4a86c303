#include "sc_edges.h"

size_t sc_edges_add(const sc_edge *edges, size_t count, float share, float *column, uint8_t *marks, uint32_t *touched,
                    size_t noted) {
    for (size_t i = 0; i < count; i++) {
        uint32_t item = edges[i].item;
        // Written before it is known whether it stays, so that nothing has to be guessed.
        touched[noted] = item;
        noted += marks[item] == 0;
        marks[item] = 1;
        column[item] += share * edges[i].weight;
    }
    return noted;
}

void sc_edges_loudest(const sc_edge *edges, size_t count, float share, const uint16_t *slots, float *largest,
                      uint32_t *cause, uint32_t this_cause) {
    for (size_t i = 0; i < count; i++) {
        uint16_t slot = slots[edges[i].item];
        if (slot == 0) continue;
        float product = share * edges[i].weight;
        if (product > largest[slot - 1]) {
            largest[slot - 1] = product;
            cause[slot - 1] = this_cause;
        }
    }
}

void sc_edges_max(const sc_edge *edges, size_t count, float *column) {
    for (size_t i = 0; i < count; i++) {
        float *entry = column + edges[i].item;
        *entry = edges[i].weight > *entry ? edges[i].weight : *entry;
    }
}
