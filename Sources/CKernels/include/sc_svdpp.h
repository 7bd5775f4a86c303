/// One user's turn in the stochastic gradient descent of SVD++.

#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Rows of `columns` floats, a multiple of 16: `dimensions` factors, then a bias, then a one;
/// users: factors, a one, a bias; y: factors alone; zeros behind. So the product of a user's and an
/// item's row is the rating, but for the mean.
struct sc_svdpp {
    const float *items;
    const float *y;
    size_t columns;
    size_t dimensions;
    float mean;
    float rate;
    /// Of the squared norms.
    float decay;
};

/// Visits a user's ratings in the order given, with the items' rows as they are: each is hers once
/// at most.
///
/// - items, ratings: what she rated, `count` of each, at least 1; order: the places 0 ..< count to
///   visit.
/// - user: her row, which takes its steps.
/// - item_steps: receives `columns` floats a rating: what to add to the item's row.
/// - y_step: receives `columns` floats: her steps, all in all, take y of each item she rated to
///   (1 - rate x decay)^count y + y_step.
/// - scratch: 2 x columns floats.
///
/// Returns the sum of the squared errors, each before its step.
double sc_svdpp_user(
    const struct sc_svdpp *model, const int32_t *items, const float *ratings, const int32_t *order,
    size_t count, float *user, float *item_steps, float *y_step, float *scratch);

/// Writes a user's row with the implicit part added: sum of y over `count` items, over sqrt(count).
void sc_svdpp_vector(
    const struct sc_svdpp *model, const int32_t *items, size_t count, const float *user,
    float *vector);

/// y = a y + x.
void sc_scale_add(float *y, float a, const float *x, size_t count);

#pragma clang assume_nonnull end
