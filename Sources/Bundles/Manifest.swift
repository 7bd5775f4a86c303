internal import Foundation
internal import Interactions
internal import ModelParts

/// `manifest.json`: the bundle's info, with what identifies and describes the tensors beside it.
struct Manifest: Equatable {
    static let formatName = "sidecart-bundle"

    var info: BundleInfo
    var tensorsDigest: String
    var foldIn: FoldInParameters?
    /// Written for people; where present it must agree with the tensors.
    var counts: Counts?

    struct Counts: Codable, Equatable {
        var items: Int
        var users: Int
        /// 0 without embeddings.
        var dimensions: Int
        /// Entries of the histories.
        var interactions: Int
    }

    /// Keys ascend and numbers are written in their shortest form, so equal manifests have equal
    /// bytes.
    func encoded(path: String) throws(BundleError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return try Array(encoder.encode(File(self))) + [UInt8(ascii: "\n")]
        } catch {
            throw BundleError(
                path: path, message: "cannot write the manifest: \(Self.cause(error))")
        }
    }

    init(info: BundleInfo, tensorsDigest: String, foldIn: FoldInParameters?, counts: Counts?) {
        self.info = info
        self.tensorsDigest = tensorsDigest
        self.foldIn = foldIn
        self.counts = counts
    }

    /// Refuses what is not a bundle before what is a newer one, and that before any detail.
    init(parsing json: [UInt8], path: String) throws(BundleError) {
        let file: File
        do {
            let head = try JSONDecoder().decode(Head.self, from: Data(json))
            guard head.format == Self.formatName else {
                throw BundleError(
                    path: path,
                    message: "\"format\" is not \"\(Self.formatName)\": no Sidecart bundle")
            }
            guard head.format_version == BundleFormat.version else {
                let isOlder = head.format_version < BundleFormat.version
                throw BundleError(
                    path: path,
                    message: "format version \(head.format_version), but this Sidecart reads"
                        + " \(BundleFormat.version): "
                        + (isOlder
                            ? "train again, or write the bundle again in the new format"
                            : "a newer Sidecart wrote it, which can serve it"))
            }
            file = try JSONDecoder().decode(File.self, from: Data(json))
        } catch let error as BundleError {
            throw error
        } catch {
            throw BundleError(path: path, message: Self.cause(error))
        }
        self = file.manifest
        guard tensorsDigest.utf8.count == 64 else {
            throw BundleError(
                path: path, message: "\"tensors_sha256\" must be 64 hexadecimal digits")
        }
        try check(path: path)
    }

    /// The rules that hold on both ways.
    func check(path: String) throws(BundleError) {
        for (name, value) in [("version", info.version), ("kind", info.kind)] {
            guard (1...128).contains(value.utf8.count),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
            else {
                throw BundleError(
                    path: path,
                    message: "\"\(name)\" must be 1 to 128 bytes without control characters")
            }
        }
        for (name, values) in [
            ("hyperparameters", info.hyperparameters), ("metrics", info.metrics),
        ] {
            if let bad = values.filter({ !$0.value.isFinite }).keys.min() {
                throw BundleError(path: path, message: "\"\(name)\".\"\(bad)\" is not finite")
            }
        }
        for (name, values) in info.notes {
            if let bad = values.filter({ !$0.value.isFinite }).keys.min() {
                throw BundleError(
                    path: path, message: "\"notes\".\"\(name)\".\"\(bad)\" is not finite")
            }
        }
        if let foldIn {
            guard foldIn.unobservedWeight > 0, foldIn.unobservedWeight.isFinite,
                foldIn.regularization > 0, foldIn.regularization.isFinite,
                (0...1).contains(foldIn.regularizationExponent)
            else {
                throw BundleError(
                    path: path,
                    message: "\"fold_in\" needs unobserved_weight > 0, regularization > 0"
                        + " and regularization_exponent within 0...1")
            }
        }
    }

    private static func cause(_ error: any Error) -> String {
        func at(_ context: DecodingError.Context) -> String {
            context.codingPath.map { "\"\($0.stringValue)\"" }.joined(separator: ".")
        }
        return switch error {
        case DecodingError.keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
        case DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context):
            "\(at(context)) has the wrong type"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            "\(at(context)): \(context.debugDescription)"
        case EncodingError.invalidValue(_, let context):
            context.codingPath.map { "\"\($0.stringValue)\"" }.joined(separator: ".")
                + " has no JSON form"
        case DecodingError.dataCorrupted(let context): context.debugDescription
        default: "\(error)"
        }
    }
}

/// Just enough to tell a bundle of this version from anything else.
private struct Head: Decodable {
    var format: String
    var format_version: Int
}

/// The manifest as it is written, key by key.
private struct File: Codable {
    var manifest: Manifest

    init(_ manifest: Manifest) { self.manifest = manifest }

    enum Key: String, CodingKey, CaseIterable {
        case format, version, kind, hyperparameters, seed, created, data, metrics, notes, counts
        case formatVersion = "format_version"
        case foldIn = "fold_in"
        case foldsCase = "folds_item_case"
        case composes = "composes_ids"
        case tensorsDigest = "tensors_sha256"
    }

    init(from decoder: any Decoder) throws {
        // A misspelt optional key would otherwise be a silent default.
        for key in try decoder.container(keyedBy: AnyKey.self).allKeys
        where Key(rawValue: key.stringValue) == nil {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [key], debugDescription: "is no key of a manifest"))
        }
        let values = try decoder.container(keyedBy: Key.self)
        var info = BundleInfo(
            version: try values.decode(String.self, forKey: .version),
            kind: try values.decode(String.self, forKey: .kind))
        info.hyperparameters =
            try values.decodeIfPresent([String: Double].self, forKey: .hyperparameters) ?? [:]
        do {
            info.seed = try values.decodeIfPresent(UInt64.self, forKey: .seed)
        } catch {
            // The decoder's own error calls the whole file invalid.
            throw DecodingError.dataCorruptedError(
                forKey: .seed, in: values, debugDescription: "is not a whole number below 2^64")
        }
        info.created = try values.decodeIfPresent(String.self, forKey: .created)
        info.data = try values.decodeIfPresent(DataSummary.self, forKey: .data)
        info.metrics = try values.decodeIfPresent([String: Double].self, forKey: .metrics) ?? [:]
        info.notes =
            try values.decodeIfPresent([String: [String: Double]].self, forKey: .notes) ?? [:]
        info.folding = IdentifierFolding(
            foldsCase: try values.decodeIfPresent(Bool.self, forKey: .foldsCase) ?? false,
            composes: try values.decodeIfPresent(Bool.self, forKey: .composes) ?? false)
        manifest = Manifest(
            info: info,
            tensorsDigest: try values.decode(String.self, forKey: .tensorsDigest),
            foldIn: try values.decodeIfPresent(FoldIn.self, forKey: .foldIn)?.parameters,
            counts: try values.decodeIfPresent(Manifest.Counts.self, forKey: .counts))
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(Manifest.formatName, forKey: .format)
        try values.encode(BundleFormat.version, forKey: .formatVersion)
        try values.encode(manifest.info.version, forKey: .version)
        try values.encode(manifest.info.kind, forKey: .kind)
        try values.encode(manifest.info.hyperparameters, forKey: .hyperparameters)
        try values.encodeIfPresent(manifest.info.seed, forKey: .seed)
        try values.encodeIfPresent(manifest.info.created, forKey: .created)
        try values.encodeIfPresent(manifest.info.data, forKey: .data)
        try values.encode(manifest.info.metrics, forKey: .metrics)
        if !manifest.info.notes.isEmpty { try values.encode(manifest.info.notes, forKey: .notes) }
        if manifest.info.folding.foldsCase { try values.encode(true, forKey: .foldsCase) }
        if manifest.info.folding.composes { try values.encode(true, forKey: .composes) }
        try values.encodeIfPresent(manifest.counts, forKey: .counts)
        try values.encodeIfPresent(manifest.foldIn.map(FoldIn.init), forKey: .foldIn)
        try values.encode(manifest.tensorsDigest, forKey: .tensorsDigest)
    }
}

private struct FoldIn: Codable {
    var unobservedWeight: Float
    var regularization: Float
    var regularizationExponent: Float

    enum CodingKeys: String, CodingKey {
        case regularization
        case unobservedWeight = "unobserved_weight"
        case regularizationExponent = "regularization_exponent"
    }

    init(_ parameters: FoldInParameters) {
        unobservedWeight = parameters.unobservedWeight
        regularization = parameters.regularization
        regularizationExponent = parameters.regularizationExponent
    }

    var parameters: FoldInParameters {
        FoldInParameters(
            unobservedWeight: unobservedWeight, regularization: regularization,
            regularizationExponent: regularizationExponent)
    }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }
}
