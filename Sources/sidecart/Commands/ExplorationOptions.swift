import ArgumentParser
import SidecartClient

/// How a slate tries other items, as options.
struct ExplorationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How often the last places try items ranked past the slate's end, up to 0.5; --json tells each item's propensity.",
            valueName: "share"))
    var explore: Float = 0

    @Option(help: ArgumentHelp("How many of the last places are explored.", valueName: "n"))
    var explorePlaces = 1

    @Option(
        help: ArgumentHelp(
            "The size of a place's pool, the ranked item included, 2 to 50.", valueName: "n"))
    var explorePool = 10

    @Option(help: ArgumentHelp("The same seed draws the same slate.", valueName: "n"))
    var exploreSeed: UInt64 = 0

    func validate() throws {
        guard 0...0.5 ~= explore else {
            throw ValidationError("--explore is \(explore); it must be 0 to 0.5")
        }
        guard explorePlaces > 0 else {
            throw ValidationError("--explore-places is \(explorePlaces); it must be 1 or more")
        }
        guard 2...50 ~= explorePool else {
            throw ValidationError("--explore-pool is \(explorePool); it must be 2 to 50")
        }
    }

    /// nil where nothing is explored.
    var exploration: Exploration? {
        explore == 0
            ? nil
            : Exploration(
                share: explore, places: explorePlaces, pool: explorePool, seed: exploreSeed)
    }
}
