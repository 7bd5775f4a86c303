import ArgumentParser
import Bundles

/// The bundle that a benchmark makes for itself.
struct SyntheticOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Items.", valueName: "n")) var items = 10_000
    @Option(help: ArgumentHelp("Users, each with a history.", valueName: "n")) var users = 50_000
    @Option(help: ArgumentHelp("Elements of a vector.", valueName: "n")) var dimensions = 64
    @Option(
        help: ArgumentHelp(
            "Items of a user's history, on average; 0: no histories.", valueName: "n"))
    var history = 50
    @Option(help: "What scores an item: vectors (as ials has) or item weights (as slim has).")
    var model = SyntheticShop.Model.vectors

    func validate() throws {
        guard 1...1_000_000 ~= items, 1...1_000_000 ~= users, 1...1_024 ~= dimensions,
            0...500 ~= history
        else {
            throw ValidationError(
                "--items and --users are 1 to 1000000, --dimensions 1 to 1024, --history 0 to 500")
        }
    }

    /// Makes the bundle and writes it to a folder.
    func write(to path: String) throws(Failure) -> ModelBundle { try shop.write(to: path) }

    var shop: SyntheticShop {
        SyntheticShop(
            items: items, users: users, dimensions: dimensions, model: model,
            historyMean: history)
    }
}

extension SyntheticShop.Model: ExpressibleByArgument {}

extension SyntheticShop {
    func write(to path: String) throws(Failure) -> ModelBundle {
        Output.note("making a shop of \(items.grouped) items, \(dimensions) dimensions")
        let bundle = makeBundle()
        do { try bundle.write(to: path) } catch { throw Failure(error) }
        return bundle
    }
}

/// What is asked.
struct CallOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("How often each method is called.", valueName: "score=n,recommend=n"))
    var mix = RequestMix(argument: "score=1")!
    @Option(help: ArgumentHelp("Items scored by one Score.", valueName: "n")) var candidates = 100
    @Option(help: ArgumentHelp("Items in the basket of a Recommend.", valueName: "n"))
    var baskets = 3
    @Option(name: .short, help: ArgumentHelp("Items that a Recommend returns.", valueName: "n"))
    var k = 10
    @Flag(help: "Recommend with titles and reasons; left out, ids only.") var reasons = false
    @Flag(help: "Every Recommend names a known shopper; left out, every second one.")
    var knownUsers = false

    @Option(
        help: ArgumentHelp(
            "The server keeps events and learns from them, and so many purchases of known shoppers are recorded first. Default: it keeps none.",
            valueName: "n"))
    var recorded: Int?

    func validate() throws {
        if let recorded, !(0...10_000_000 ~= recorded) {
            throw ValidationError("--recorded is \(recorded); it must be 0 to 10000000")
        }
        guard 1...1_000 ~= candidates, 0...256 ~= baskets, 1...1_000 ~= k else {
            throw ValidationError("--candidates and -k are 1 to 1000, --baskets 0 to 256")
        }
    }

    /// The most items that one call draws.
    var drawnItemsMax: Int {
        mix.calls.map { $0 == .score ? candidates : baskets }.max() ?? 0
    }

    var shape: RequestShape {
        RequestShape(
            mix: mix, candidates: candidates, baskets: baskets, k: k, reasons: reasons,
            knownUsersOnly: knownUsers)
    }

    var description: String {
        mix.calls.map { call in
            call == .score
                ? "Score of \(candidates)"
                : "Recommend of \(k) \(reasons ? "with reasons" : "ids only"), basket of \(baskets), "
                    + (knownUsers ? "known shoppers" : "every second shopper known")
        }.joined(separator: " / ") + " (\(mix))"
            + (recorded.map { ", after \($0.grouped) recorded purchases" } ?? "")
    }
}

/// `sidecart bench --promotions` and its load.
struct PromotionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Time calls while so many models are loaded and promoted, evenly over --seconds; 0: none.",
            valueName: "n"))
    var promotions = 0
    @Option(help: ArgumentHelp("Calls that are due each second meanwhile.", valueName: "n"))
    var rate = 50_000

    func validate() throws {
        guard 0...10_000 ~= promotions, 1...1_000_000 ~= rate else {
            throw ValidationError("--promotions is 0 to 10000, --rate 1 to 1000000")
        }
    }
}

/// `sidecart bench --neighbor-load` and its sizes.
struct NeighborOptions: ParsableArguments {
    @Flag(
        help: "Time small calls beside large ones; takes --items, --seconds and what follows.")
    var neighborLoad = false
    @Option(
        help: ArgumentHelp(
            "Dimensions under Recommend with long histories. (default: 64,512)", valueName: "n,…"),
        transform: Self.dimensions)
    var neighborDimensions = [64, 512]
    @Option(
        help: ArgumentHelp(
            "Dimensions under a burst of small, heavy calls. (default: 512,1024)", valueName: "n,…"),
        transform: Self.dimensions)
    var stallDimensions = [512, 1_024]
    @Option(help: ArgumentHelp("Items that Nearest searches; 0 leaves it out.", valueName: "n"))
    var nearestItems = 500_000

    func validate() throws {
        guard 0...1_000_000 ~= nearestItems else {
            throw ValidationError("--nearest-items is \(nearestItems); it must be 0 to 1000000")
        }
    }

    func run(items: Int, seconds: Double, machine: Machine) throws(Failure) -> NeighborReport {
        let benchmark = try NeighborBenchmark(seconds: seconds)
        var rows: [NeighborBenchmark.Row] = []
        for dimensions in Set(neighborDimensions + stallDimensions).sorted() {
            var loads = [NeighborBenchmark.Load.none]
            if neighborDimensions.contains(dimensions) {
                loads += [.recommend(clients: 1), .recommend(clients: 4)]
            }
            if stallDimensions.contains(dimensions) { loads.append(.stall) }
            rows += try benchmark.run(
                SyntheticShop(items: items, users: 2_000, dimensions: dimensions), loads)
        }
        if nearestItems > 0 {
            rows += try benchmark.run(
                SyntheticShop(items: nearestItems, users: 100, dimensions: 64),
                [.none, .nearest(clients: 1), .nearest(clients: 4)])
        }
        return NeighborReport(machine: machine, rows: rows)
    }

    private static func dimensions(_ text: String) throws -> [Int] {
        let numbers = text.split(separator: ",").map { Int($0) ?? 0 }
        guard numbers.allSatisfy({ 1...1_024 ~= $0 }) else {
            throw ValidationError("'\(text)' is no list of numbers from 1 to 1024, such as 64,512")
        }
        return numbers
    }
}
