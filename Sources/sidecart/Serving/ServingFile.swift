import EventLoop
import Foundation
import SidecartServer

/// Which bundle a server answers from in place of its own, since somebody promoted it or rolled back to it: in a
/// file of the folder of models, for the next start.
///
/// It counts for a server that is started with the same `--bundle`, until another bundle takes the place of
/// that one.
final class ServingFile: Sendable {
    private struct Entry: Codable {
        /// The server's own.
        let bundle: String
        /// What it serves in its place.
        let serving: String
        let version: String
        /// When that came to serve, in milliseconds since 1970.
        let promotedAt: Int64
    }

    private let path: String
    private let bundle: String
    private let log: ServerLog

    /// - Parameters:
    ///   - bundle: the server's own.
    ///   - folder: of models; nil for the one that the bundle lies in.
    init(of bundle: String, in folder: String?, _ log: ServerLog) {
        let own = URL(fileURLWithPath: bundle).standardizedFileURL
        self.bundle = own.path
        let folder = folder ?? own.deletingLastPathComponent().path
        path = "\(folder)/\(own.lastPathComponent).serving.json"
        self.log = log
    }

    /// What to start with in place of the server's own bundle; nil for that one.
    var remembered: String? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        guard let entry = try? JSONDecoder().decode(Entry.self, from: data) else {
            log.warning("does not say what is to be served, and is ignored", ["file": "\(path)"])
            return nil
        }
        let written = try? URL(fileURLWithPath: bundle).appending(path: "manifest.json")
            .resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
        guard entry.bundle == bundle, FileManager.default.fileExists(atPath: entry.serving),
            Double(entry.promotedAt) / 1_000 > written?.timeIntervalSince1970 ?? 0
        else { return nil }
        return entry.serving
    }

    /// Writes down what serves now.
    func note(_ event: ModelEvent) {
        guard case .promoted(let model) = event else { return }
        let entry = Entry(
            bundle: bundle, serving: model.path, version: model.version,
            promotedAt: model.promotedAt)
        do {
            if URL(fileURLWithPath: entry.serving).standardizedFileURL.path == bundle {
                guard unlink(path) == 0 || errno == ENOENT else { throw Failure.system(path) }
                return
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try DurableFile.replace(path, with: try encoder.encode(entry))
        } catch {
            log.warning(
                "what serves now cannot be written down; a restart will serve --bundle",
                ["reason": "\(error)"])
        }
    }
}
