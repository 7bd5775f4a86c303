internal import Models

/// How near predicted ratings are to those that were given.
package struct RatingErrors: Sendable, Equatable {
    package var count: Int
    /// The root of the mean squared error.
    package var rmse: Double
    /// The mean absolute error.
    package var mae: Double
    /// The share of predictions whose nearest rating of the scale is the one given.
    package var accuracy: Double

    /// - Parameters:
    ///   - predicted: any finite numbers; those beyond the scale count as its nearest end.
    ///   - scale: the ratings that can be given, ascending, at least one.
    package init(predicted: [Float], given: [Float], scale: [Float]) {
        precondition(predicted.count == given.count && !scale.isEmpty)
        count = given.count
        var squares = 0.0
        var absolutes = 0.0
        var right = 0
        for (prediction, rating) in zip(predicted, given) {
            let clamped = min(max(prediction, scale.first!), scale.last!)
            let error = Double(clamped - rating)
            squares += error * error
            absolutes += abs(error)
            let nearest = scale.min { abs($0 - clamped) < abs($1 - clamped) }
            if nearest == rating { right += 1 }
        }
        let n = Double(max(1, count))
        rmse = (squares / n).squareRoot()
        mae = absolutes / n
        accuracy = Double(right) / n
    }
}

extension TrainingData {
    /// The ratings that occur, ascending; nil where values are no ratings, or all the same or too
    /// many.
    var ratingScale: [Float]? {
        guard hasRatings else { return nil }
        var distinct: Set<Float> = []
        for value in interactions.values {
            distinct.insert(value)
            if distinct.count > 100 { return nil }
        }
        return distinct.count > 1 ? distinct.sorted() : nil
    }
}
