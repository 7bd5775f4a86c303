import FuzzTargets
import Testing

/// A short run of each fuzz target, the same at each run; `make fuzz` makes long ones.
@Suite struct FuzzTests {
    @Test(
        "Whatever bytes come in, reading ends with a result or an error",
        arguments: FuzzTarget.all.map(\.name))
    func total(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        for seed in target.seeds { target.run(seed) }
        for mutant in target.mutants(count: 500, seed: 1) { target.run(mutant) }
    }

    @Test("Mutants are the same for the same seed, and others for another")
    func seeded() throws {
        let target = try #require(FuzzTarget.all.first)
        #expect(target.mutants(count: 50, seed: 1) == target.mutants(count: 50, seed: 1))
        #expect(target.mutants(count: 50, seed: 1) != target.mutants(count: 50, seed: 2))
    }
}
