internal import CKernels
internal import Interactions
package import ModelParts

/// Implicit alternating least squares: matrix factorization of who took what, solved exactly.
///
/// Minimizes, over user vectors w and item vectors h,
///
///     sum over observed (u, i) of (w_u.h_i - 1)^2  +  alpha0 sum over all (u, i) of (w_u.h_i)^2
///     + lambda (sum_u (|I_u| + alpha0 I)^nu |w_u|^2 + sum_i (|U_i| + alpha0 U)^nu |h_i|^2)
///
/// by turns: one side is fixed, and each row of the other is the solution of a D x D system. A step
/// updates the items and then the users, so that the users of the result are exactly what folding
/// in gives. A pair counts as observed once, whatever its value, since histories at serving time
/// carry no values.
///
/// Source: Hu, Koren and Volinsky 2008, "Collaborative filtering for implicit feedback datasets";
/// in the form, and with the frequency-scaled lambda and the initial deviation, of Rendle,
/// Krichene, Zhang and Koren 2021, "Revisiting the performance of iALS on item recommendation
/// benchmarks".
///
/// Many dimensions can be solved in blocks of ``block``, the others fixed: iALS++, of the same
/// authors, 2021, "iALS++: Speeding up matrix factorization with subspace optimization". A step is
/// then much shorter, and it takes a few more of them.
///
/// - Complexity: a step takes O(pairs x D^2 + (U + I) x D^3) time, in blocks O(pairs x D x block +
///   (U + I) x (D^2 + D x block^2)); training O((U + I) x D) memory, by blocks a float a pair
///   beside it.
package struct IALS: Recommender {
    package static let name = "ials"

    /// D; 1 to 1,024.
    package var dimensions = 64
    /// How often both sides are solved; at least 1.
    package var epochs = 16
    /// How many dimensions are solved at a time, a multiple of 16; 0 for all.
    package var block = 0
    /// lambda, nu and alpha0, which may be 0 here: then it is `unobservedShare` times the share of
    /// all pairs that were observed.
    ///
    /// A set alpha0 suits shops of one size: 0.3, good on MovieLens 1M where a user took one item in
    /// 23, ranks worse than popularity on Gowalla where she took one in 1,500.
    package var foldIn = FoldInParameters(
        unobservedWeight: 0, regularization: 0.007, regularizationExponent: 1)
    /// What all that was not observed weighs against all that was.
    private static let unobservedShare = 6.75
    /// The entries of the first user vectors have this standard deviation divided by sqrt(D);
    /// positive.
    package var initialDeviation: Float = 0.1

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "dimensions": Double(dimensions), "epochs": Double(epochs),
            "block": Double(block), "unobserved_weight": Double(foldIn.unobservedWeight),
            "regularization": Double(foldIn.regularization),
            "regularization_exponent": Double(foldIn.regularizationExponent),
            "initial_deviation": Double(initialDeviation),
        ]
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        let histories = data.interactions
        guard histories.nonZeroCount > 0 else {
            throw TrainingError("ials: no event of a known user; it learns from users' histories")
        }
        var model = self
        if foldIn.unobservedWeight == 0 {
            let pairs = Double(histories.rows) * Double(histories.columnCount)
            model.foldIn.unobservedWeight = Float(
                Self.unobservedShare * Double(histories.nonZeroCount) / pairs)
        }
        let audiences = histories.transposed()
        let users = initialUsers(count: histories.rows, seed: context.seed)
        let items = PaddedRows(rows: histories.columnCount, columns: dimensions)
        for step in 1...epochs {
            let itemSide = try IALSHalfStep(
                rows: items, from: users, model: model, context: context)
            _ = try itemSide.run(histories: audiences)
            let userSide = try IALSHalfStep(
                rows: users, from: items, model: model, context: context)
            let loss =
                try userSide.run(histories: histories)
                + itemSide.penalty(histories: audiences)
            context.report(
                TrainingProgress(model: Self.name, step: step, steps: epochs, loss: loss))
        }
        var parts = ModelParts(popularity: data.popularity)
        parts.embeddings = EmbeddingParts(
            items: items.makeMatrix(), users: users.makeMatrix(), foldIn: model.foldIn)
        return parts
    }

    private func initialUsers(count: Int, seed: UInt64) -> PaddedRows {
        let users = PaddedRows(rows: count, columns: dimensions)
        var generator = SeededGenerator(seed: seed)
        let deviation = Double(initialDeviation) / Double(dimensions).squareRoot()
        for user in 0..<count {
            for column in 0..<dimensions {
                users[user][column] = Float(generator.nextNormal() * deviation)
            }
        }
        return users
    }

    func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        try check.require(
            1...FoldInSolver.dimensionsMax ~= dimensions,
            "dimensions must be 1 to \(FoldInSolver.dimensionsMax)", dimensions)
        try check.require(epochs > 0, "epochs must be at least 1", epochs)
        try check.require(
            block >= 0 && block.isMultiple(of: Int(SC_LINALG_BLOCK)),
            "block must be a multiple of \(SC_LINALG_BLOCK)", block)
        let weight = foldIn.unobservedWeight
        try check.require(
            weight >= 0 && weight.isFinite, "unobserved_weight must be 0 or more", weight)
        for (name, value) in [
            ("regularization", foldIn.regularization), ("initial_deviation", initialDeviation),
        ] {
            try check.require(value > 0 && value.isFinite, "\(name) must be positive", value)
        }
        let exponent = foldIn.regularizationExponent
        try check.require(0...1 ~= exponent, "regularization_exponent must be 0 to 1", exponent)
    }
}
