import Foundation
import SampleShop
import TestFolders
import Testing

/// A sample shop's files and a bundle that `sidecart train` made of them, shared by all tests.
struct TrainedShop: Sendable {
    static let shared = Result { try TrainedShop() }

    let shop: SampleShop
    let events: String
    let catalog: String
    let bundle: String
    private let folder: TemporaryFolder

    /// Few factors and epochs: enough for calls to have answers.
    static let model = [
        "--model", "ials", "--factors", "12", "--epochs", "3", "--model-version", "shop-1",
    ]

    private init() throws {
        let folder = TemporaryFolder()
        self.folder = folder
        shop = SampleShop(
            SampleShopOptions(items: 140, shoppers: 250, baskets: 2_500, seed: 3))
        events = folder["events.csv"]
        catalog = folder["catalog.csv"]
        bundle = folder["bundle"]
        try shop.dataset.writeEvents(to: events)
        try shop.dataset.writeCatalog(to: catalog)
        let trained = try Program.run(
            ["train", events, "--catalog", catalog, "--out", bundle] + Self.model)
        try #require(trained.code == 0, "\(trained.errors)")
        // A static value is never deinitialized.
        Self.removed.append(folder.path)
        atexit {
            for path in TrainedShop.removed { try? FileManager.default.removeItem(atPath: path) }
        }
    }

    private nonisolated(unsafe) static var removed: [String] = []

    func item(_ number: Int) -> String { shop.dataset.items[number] }
    func user(_ number: Int) -> String { shop.dataset.users[number] }
}
