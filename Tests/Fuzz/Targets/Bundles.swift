import Bundles
import CLibCrypto
import Foundation
import Interactions
import ModelParts
import TestFolders

extension FuzzTarget {
    static let manifest = FuzzTarget(name: "manifest", seeds: [sample.manifest]) { bytes in
        read(manifest: bytes, tensors: nil)
    }

    /// The manifest is made to fit, since a wrong digest would end everything.
    static let safetensors = FuzzTarget(name: "safetensors", seeds: [sample.tensors]) { bytes in
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        let text = digest.map { String(format: "%02x", $0) }.joined()
        let manifest =
            "{\"format\":\"sidecart-bundle\",\"format_version\":\(BundleFormat.version),"
            + "\"version\":\"1\",\"kind\":\"k\",\"tensors_sha256\":\"\(text)\"}"
        read(manifest: Array(manifest.utf8), tensors: bytes)
    }

    private static func read(manifest: [UInt8], tensors: [UInt8]?) {
        write(manifest, BundleFormat.manifestName)
        write(tensors ?? sample.tensors, BundleFormat.tensorsName)
        do throws(BundleError) {
            let bundle = try ModelBundle.read(from: sample.folder.path)
            precondition(bundle.catalog.count == bundle.items.count)
        } catch { precondition(!error.description.isEmpty) }
    }

    private static func write(_ bytes: [UInt8], _ name: String) {
        guard let file = fopen(sample.folder[name], "w") else { preconditionFailure(name) }
        defer { fclose(file) }
        fwrite(bytes, 1, bytes.count, file)
    }

    /// A bundle with something of nearly everything, and the folder in which its mutants are read.
    private static let sample = Sample()

    private struct Sample: Sendable {
        let folder = TemporaryFolder()
        let manifest: [UInt8]
        let tensors: [UInt8]

        init() {
            var parts = ModelParts(popularity: [3, 1, 2])
            parts.embeddings = EmbeddingParts(
                items: Matrix(rows: 3, columns: 2, values: [0.5, -1, 2, 3.25, 0, 1]),
                users: Matrix(rows: 1, columns: 2, values: [1, 2]),
                foldIn: FoldInParameters(
                    unobservedWeight: 0.1, regularization: 0.01, regularizationExponent: 1))
            parts.neighbors[.complement] = NeighborLists(
                offsets: [0, 2, 3, 3], items: [1, 2, 0], scores: [0.9, 0.25, 0.5],
                lifts: [4, 2, 4],
                confidences: [0.95, 0.3, 0.6])
            var catalog = Catalog()
            catalog.update(
                item: 0, title: "Pot", category: ["Kitchen", "Tea"], price: 24.5, stock: 3,
                group: "g", availableFrom: 5, attributes: ["color=blue"])
            catalog.update(item: 2, title: "Grüner Tee", isDiscontinued: true)
            let bundle = ModelBundle(
                info: BundleInfo(version: "1", kind: "k"),
                items: IdentifierTable(["pot", "cup", "tee"]), users: IdentifierTable(["ada"]),
                catalog: catalog, parts: parts,
                histories: SparseMatrix(
                    rows: 1, columnCount: 3, rowOffsets: [0, 2], columns: [2, 0], values: [1, 1]))
            let path = folder["seed"]
            do {
                try bundle.write(to: path)
                manifest = try Array(
                    Data(contentsOf: URL(fileURLWithPath: "\(path)/\(BundleFormat.manifestName)")))
                tensors = try Array(
                    Data(contentsOf: URL(fileURLWithPath: "\(path)/\(BundleFormat.tensorsName)")))
            } catch { preconditionFailure("\(error)") }
        }
    }
}
