import ArgumentParser
import Foundation
import Histogram
import Interactions
import SampleShop
import SidecartClient
import Training

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a sample shop, train on it, serve it, and ask it as a checkout would.",
        discussion: """
            Everything is real: files of events, a bundle, a server in a process of its own and calls over its \
            socket. All of it goes away at the end, unless --keep names a folder.

            Examples:
              sidecart demo
              sidecart demo --keep shop --shoppers 20000 --baskets 300000
              sidecart demo --report demo.html
            """)

    @Option(help: ArgumentHelp("How many items the shop sells.", valueName: "n")) var items = 600
    @Option(help: ArgumentHelp("How many shoppers it has.", valueName: "n")) var shoppers = 4_000
    @Option(help: ArgumentHelp("How many baskets they buy in a year.", valueName: "n"))
    var baskets = 60_000
    @Option(help: ArgumentHelp("The same seed makes the same shop.", valueName: "n")) var seed:
        UInt64 = 1
    @Option(
        help:
            ArgumentHelp(
                "Keep the events, the catalog and the bundle in this folder.", valueName: "folder"))
    var keep: String?
    @Option(
        help:
            ArgumentHelp(
                "Also write the slates as a page for a merchandiser to look at.", valueName: "file")
    )
    var report: String?

    func validate() throws {
        guard 10...1_000_000 ~= items, 1...10_000_000 ~= shoppers, 1...100_000_000 ~= baskets else {
            throw ValidationError(
                "--items is 10 to 1000000, --shoppers up to 10000000, --baskets up to 100000000")
        }
    }

    func run() async throws {
        let temporary = try TemporaryFolder()
        let folder = keep ?? temporary.path
        try prepare(folder)
        let shop = try openShop(in: folder)
        try trainAndSave(in: folder)
        try Output.print("\n3. Serve it: a server process on a Unix socket.")
        let socket = temporary.file("sidecart.sock")
        let rules = "\(folder)/rules.json"
        try Self.ruleSets.write(toFile: rules, atomically: true, encoding: .utf8)
        let server = try ServerProcess([
            "serve", "--bundle", "\(folder)/bundle", "--socket", socket, "--rules", rules,
            "--ends-with-parent",
        ])
        do {
            let client = SidecartClient(socketPath: socket)
            defer { client.close() }
            var visit = DemoVisit(client: client, shop: shop)
            try await visit.run()
            try write(visit.scenes)
        } catch {
            server.stop()
            throw error
        }
        let code = server.stop()
        try Output.print("\nThe server drained and ended with exit code \(code).")
        try sayWhatNext(folder)
    }

    /// The rules of this shop's checkout.
    private static let ruleSets = """
        {
          "checkout": {
            "leave_out_substitutes": true,
            "per_category_max": 2,
            "boosts": [{"category": "Garden", "factor": 1.5}]
          }
        }

        """

    private func write(_ scenes: [DemoScene]) throws {
        guard let report else { return }
        do {
            try DemoPage(scenes: scenes).html.write(
                toFile: report, atomically: true, encoding: .utf8)
        } catch { throw Failure("\(report): \(error.localizedDescription)") }
        try Output.print("\n   the same as a page: \(report)")
    }

    /// Makes the folder; nothing that is in it already is overwritten.
    private func prepare(_ folder: String) throws {
        for name in ["events.csv", "catalog.csv", "bundle", "rules.json"]
        where FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
            throw Failure("\(folder)/\(name): exists already; keep the shop in another folder")
        }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw Failure("\(folder): cannot make this folder: \(error.localizedDescription)")
        }
    }

    private func openShop(in folder: String) throws -> SampleShop {
        let shop = SampleShop(
            SampleShopOptions(items: items, shoppers: shoppers, baskets: baskets, seed: seed))
        try shop.dataset.writeEvents(to: "\(folder)/events.csv")
        try shop.dataset.writeCatalog(to: "\(folder)/catalog.csv")
        try Output.print(
            """
            1. A sample shop: \(shop.dataset.items.count.grouped) items, \
            \(shop.dataset.users.count.grouped) shoppers, \(shop.dataset.baskets.count.grouped) baskets, \
            \(shop.dataset.events.count.grouped) events.
            """)
        return shop
    }

    private func trainAndSave(in folder: String) throws {
        var reading = try ReadingOptions.parse([])
        reading.catalog = "\(folder)/catalog.csv"
        let (dataset, report) = try reading.read(["\(folder)/events.csv"])
        let threads = ProcessInfo.processInfo.activeProcessorCount
        var job = try TrainingJob(
            model: TrainingJob.standardModel, selection: ModelSelection(threads: threads, seed: 1))
        job.version = "demo-\(seed)"
        let trained = try job.run(on: dataset)
        let (bundle, timings) = (trained.bundle, trained.timings)
        try bundle.write(to: "\(folder)/bundle", replacing: true)
        try Output.print(
            """

            2. Train on its events:
               read      \(report.linesRead.grouped) lines in \(String(format: "%.2f", report.seconds)) s
               model     \(bundle.info.kind) in \(String(format: "%.2f", timings.model)) s
               neighbors of \(bundle.items.count.grouped) items in \
            \(String(format: "%.2f", timings.neighbors)) s
            """)
    }

    private func sayWhatNext(_ folder: String) throws {
        if keep != nil {
            try Output.print(
                """

                Try it yourself:
                  sidecart serve --bundle \(folder)/bundle --rules \(folder)/rules.json \
                --socket /tmp/sidecart.sock &
                  export SIDECART_SOCKET=/tmp/sidecart.sock
                  sidecart recommend --basket $(sed -n 2p \(folder)/catalog.csv | cut -d, -f1)
                  sidecart status
                """)
        } else {
            try Output.print(
                """

                Next:
                  sidecart demo --keep shop        keeps the files and says how to ask the shop yourself
                  sidecart train --help            your own shop's events
                  sidecart bench                   how fast it is on this machine
                """)
        }
    }
}
