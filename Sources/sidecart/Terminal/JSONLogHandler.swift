import Foundation
import Logging

/// Writes each log event as one JSON object on one line of standard error. Numbers are JSON
/// numbers; times are UTC and say so.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level = .info
    let label: String

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata
        fields.merge(metadataProvider?.get() ?? [:]) { $1 }
        fields.merge(event.metadata ?? [:]) { $1 }
        let line = Line(
            time: Date.now.formatted(
                .iso8601.year().month().day().time(includingFractionalSeconds: true)
                    .timeZone(separator: .omitted)),
            level: event.level.rawValue, message: event.message.description,
            fields: fields.mapValues { Field(value: $0) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard var data = try? encoder.encode(line) else { return }
        data.append(UInt8(ascii: "\n"))
        Output.writeError(data)
    }

    private struct Line: Encodable {
        let time: String
        let level: String
        let message: String
        let fields: [String: Field]
    }

    private struct Field: Encodable {
        let value: Logger.MetadataValue

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch value {
            case .string(let text): try container.encode(text)
            case .stringConvertible(let value):
                switch value {
                case let number as any BinaryInteger: try container.encode(Int64(clamping: number))
                case let number as Double where number.isFinite: try container.encode(number)
                case let truth as Bool: try container.encode(truth)
                default: try container.encode(value.description)
                }
            case .array(let values): try container.encode(values.map { Field(value: $0) })
            case .dictionary(let values):
                try container.encode(values.mapValues { Field(value: $0) })
            }
        }
    }
}
