/// Gradients of pairwise ranking losses, and the AdaGrad steps they ask for.
///
/// The two are kept apart so that a mini-batch can be split between threads in any way: first every
/// gradient is taken at the same point, then each row of each table takes its steps in the order of
/// the pairs.

#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Embeddings of one side; the vector of an id is the weighted sum of its features' rows.
struct sc_features {
    /// Rows of `columns` floats, a multiple of 16.
    float *rows;
    /// AdaGrad's sums of squared gradients, as `rows`; they start above zero.
    float *squares;
    size_t columns;
    /// The features of id n are at positions offsets[n] ..< offsets[n + 1]. Null: id n has row n
    /// alone.
    const int64_t *_Nullable offsets;
    const int32_t *_Nullable features;
    const float *_Nullable weights;
};

struct sc_pairwise {
    struct sc_features users, items;
    /// The column of the items' biases: 1 in every user vector, and never learned there.
    size_t bias;
    /// What each user took, ascending: row u is at offsets[u] ..< offsets[u + 1]. No negative is
    /// among it.
    const int64_t *history_offsets;
    const int32_t *history;
    /// Negatives are drawn from here, each place as likely as the next.
    const int32_t *pool;
    size_t pool_count;
    /// 0: the loss is BPR's, with the first negative drawn. Above 0: WARP's, which draws so often
    /// at most until one comes within 1 of the positive, and weighs it by the logarithm of the rank
    /// that this many draws tell of.
    size_t warp_draws_max;
};

/// Takes `count` pairs' gradients, each with its own random numbers from `seed` and its place from
/// `first` on.
///
/// - negatives: receives the negative of each pair, or -1 where it has none and takes no step.
/// - user_gradients, item_gradients: receive `columns` floats a pair: what to add to the user, and
///   what to add to the positive and subtract from the negative.
/// - scratch: 2 x columns floats.
///
/// Returns the sum of the losses.
double sc_pairwise_gradients(
    const struct sc_pairwise *model, const int32_t *users, const int32_t *items, size_t count,
    uint64_t seed, uint64_t first, int32_t *negatives, float *user_gradients,
    float *item_gradients, float *scratch);

/// Takes the steps of those rows whose number leaves `shard` over `shards`, in the order of the
/// pairs.
///
/// - shards: a power of two.
/// - minus: the ids that take the gradient with the opposite sign; null where there are none.
/// - used: a pair with a negative number here takes no step.
void sc_pairwise_apply(
    const struct sc_features *side, const int32_t *plus, const int32_t *_Nullable minus,
    const int32_t *used, const float *gradients, size_t count, size_t shard, size_t shards,
    float rate, float decay);

/// Writes an id's vector, `columns` floats.
void sc_features_sum(const struct sc_features *side, size_t id, float *vector);

#pragma clang assume_nonnull end
