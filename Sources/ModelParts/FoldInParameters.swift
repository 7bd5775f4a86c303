/// The user half-step of iALS with the items fixed.
///
/// Solves `(sum over H of y y' + alpha0 G + lambda (|H| + alpha0 I)^nu E) x = sum over H of y`,
/// where H is the history without repeats, G = Y'Y over all I items and E the identity.
/// Source: Rendle, Krichene, Zhang and Koren 2021, "Revisiting the Performance of iALS on Item
/// Recommendation Benchmarks", section 2.
package struct FoldInParameters: Sendable, Equatable {
    /// alpha0, the weight of a pair that was not observed; positive.
    package var unobservedWeight: Float
    /// lambda; positive.
    package var regularization: Float
    /// nu; 0 to 1.
    package var regularizationExponent: Float

    package init(unobservedWeight: Float, regularization: Float, regularizationExponent: Float) {
        self.unobservedWeight = unobservedWeight
        self.regularization = regularization
        self.regularizationExponent = regularizationExponent
    }
}
