import ArgumentParser
import Bundles
import CLinux
import Foundation

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure a server process on this machine, beside a bare socket.",
        discussion: """
            Starts a server and keeps calls in flight on one connection. Every call asks anew: shoppers, baskets and \
            candidates are drawn from a seeded, skewed shop, or from a bundle's own ids. The reference answers frames \
            of the same sizes and computes nothing. Both take turns; cpu and throughput are medians of the rounds.

            --events measures instead how many events a server durably records a second, in batches of 100 and by 64 clients one at a \
            time, beside SQLite alone on the same disk, and how long Score takes meanwhile. TMPDIR says on which disk.

            --neighbor-load measures instead how long small calls wait beside clients that ask for much, and \
            --promotions how calls fare at a server that changes its model again and again.

            Examples:
              sidecart bench
              sidecart bench --items 1000000 --draw evenly --in-flight 64
              sidecart bench --mix score=9,recommend=1 --baskets 3 --one-cpu --json
              sidecart bench --bundle bundle --mix recommend=1 --baskets 5 --known-users -k 20 --reasons
              sidecart bench --events --seconds 3
              sidecart bench --neighbor-load --seconds 3
              sidecart bench --promotions 20 --rate 50000 --seconds 60
            """)

    enum Draw: String, CaseIterable, ExpressibleByArgument { case asSold = "as-sold", evenly }

    @Option(
        help: ArgumentHelp(
            "Serve this bundle; left out, a synthetic one.", valueName: "folder")
    )
    var bundle: String?
    @OptionGroup(title: "Synthetic bundle") var shop: SyntheticOptions
    @OptionGroup(title: "Calls") var calls: CallOptions
    @Option(help: "Whether items and shoppers come as often as they sold and bought, or all alike.")
    var draw = Draw.asSold
    @Option(help: ArgumentHelp("Calls kept in flight.", valueName: "n,…")) var inFlight = "1,64"
    @Option(help: ArgumentHelp("Length of one measurement.", valueName: "n")) var seconds = 1.0
    @Option(help: ArgumentHelp("How often each is measured.", valueName: "n")) var rounds = 5
    @Flag(help: "Keep client and server on one processor: no wake-ups across processors.")
    var oneCPU = false
    @Flag(help: "Measure recording; takes --seconds, --rounds and the synthetic bundle's sizes.")
    var events = false
    @OptionGroup(title: "Neighbor load") var neighbors: NeighborOptions
    @OptionGroup(title: "Promotions") var promotions: PromotionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard seconds > 0, seconds <= 600, 1...1_000 ~= rounds else {
            throw ValidationError("--seconds is above 0 and up to 600, --rounds 1 to 1000")
        }
        guard depths.allSatisfy({ 1...1_024 ~= $0 }), !depths.isEmpty else {
            throw ValidationError("--in-flight is '\(inFlight)'; it takes numbers from 1 to 1024")
        }
        guard bundle == nil || !neighbors.neighborLoad && !events else {
            throw ValidationError(
                "--neighbor-load and --events make their own bundles; leave out --bundle")
        }
        guard bundle != nil || calls.drawnItemsMax <= shop.items else {
            throw ValidationError(
                "--items is \(shop.items); --candidates and --baskets may be no more")
        }
    }

    private var depths: [Int] { inFlight.split(separator: ",").map { Int($0) ?? 0 } }

    func run() throws {
        if oneCPU { try Self.stayOnOneCPU() }
        let machine = Machine()
        if neighbors.neighborLoad {
            let report = try neighbors.run(items: shop.items, seconds: seconds, machine: machine)
            if output.json {
                try Output.printJSON(report)
            } else {
                try Output.print(report.description)
            }
            return
        }
        if events {
            let report = try EventBenchmark(
                seconds: seconds, rounds: rounds, shop: shop.shop
            ).run(machine)
            if output.json {
                try Output.printJSON(report)
            } else {
                try Output.print(report.description)
            }
            return
        }
        let folder = try TemporaryFolder()
        let path = bundle ?? folder.file("bundle")
        let served = try bundle.map(load) ?? shop.write(to: path)
        if promotions.promotions > 0 { return try promote(served, path, folder, machine) }
        let benchmark = CallBenchmark(
            bundle: served, path: path, shape: calls.shape, evenly: draw == .evenly,
            depths: depths, seconds: seconds, rounds: rounds, recorded: calls.recorded)
        let report = CallReport(
            machine: machine, subject: subject(served), seconds: seconds, rounds: rounds,
            lines: try benchmark.run())
        withExtendedLifetime(folder) {}
        if output.json {
            try Output.printJSON(report)
        } else {
            try Output.print(report.description)
        }
    }

    /// Reads a bundle, and checks that the calls asked for can be drawn from it.
    private func load(_ path: String) throws(Failure) -> ModelBundle {
        let served: ModelBundle
        do { served = try ModelBundle.read(from: path) } catch { throw Failure(error) }
        guard calls.drawnItemsMax <= served.items.count else {
            throw Failure(
                "\(path): has \(served.items.count) items; --candidates and --baskets may be no more"
            )
        }
        guard !calls.knownUsers || served.users.count > 0 else {
            throw Failure("\(path): knows no users; leave out --known-users")
        }
        return served
    }

    /// Has a server promote the bundle and a copy under another name in turn.
    private func promote(
        _ served: ModelBundle, _ path: String, _ folder: TemporaryFolder, _ machine: Machine
    ) throws {
        var copies: [String] = []
        for name in ["one", "other"] {
            var copy = served
            copy.info.version = name
            copies.append(folder.file(name))
            do { try copy.write(to: folder.file(name)) } catch { throw Failure(error) }
        }
        let benchmark = PromotionBenchmark(
            paths: copies, bundle: served, shape: calls.shape, evenly: draw == .evenly,
            callsPerSecond: promotions.rate, promotions: promotions.promotions, seconds: seconds)
        let report = try benchmark.run(machine, subject: subject(served))
        withExtendedLifetime(folder) {}
        if output.json {
            try Output.printJSON(report)
        } else {
            try Output.print(report.description)
        }
    }

    private func subject(_ served: ModelBundle) -> String {
        let dimensions = served.parts.embeddings?.items.columns ?? 0
        let history = (served.histories?.nonZeroCount ?? 0) / max(1, served.users.count)
        return """
            \(served.info.kind), \(served.items.count.grouped) items, \
            \(served.users.count.grouped) users with histories of \(history) on average, \(dimensions) dimensions, \
            drawn \(draw.rawValue); \(calls.description)\(oneCPU ? ", one cpu" : "")
            """
    }

    private static func stayOnOneCPU() throws {
        guard sc_stay_on_cpu(0) == 0 else {
            throw Failure("cannot stay on cpu 0: \(String(cString: strerror(errno)))")
        }
    }
}
