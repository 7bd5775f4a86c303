internal import CKernels

/// The library that multiplies and inverts matrices while models are trained.
///
/// What is served never needs it: a request's path takes no library's locks or memory.
package enum DenseAlgebra {
    private static let library = "libopenblas.so.0"
    private static let package = "libopenblas0"

    /// Loaded once, by the first training that asks.
    private static let problem = load(library)

    /// Makes the kernels that need the library usable, on all threads.
    ///
    /// - Throws: ``TrainingError`` where it is not installed, with the package that has it.
    package static func require(for model: String) throws(TrainingError) {
        guard let problem else { return }
        throw TrainingError("\(model): \(problem); install the package \(package)")
    }

    /// - Returns: why a library of this name could not be loaded; nil once it is.
    package static func load(_ name: String) -> String? {
        sc_blas_load(name).map { "\(name) could not be loaded (\(String(cString: $0)))" }
    }
}
