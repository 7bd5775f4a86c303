import Foundation

/// What the .proto files say.
enum Contract {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../proto").standardizedFileURL

    /// The files of services that every client may call, below ``root``.
    static var files: [String] {
        get throws {
            let own = try FileManager.default.contentsOfDirectory(
                atPath: root.appendingPathComponent("sidecart/v1").path)
            return own.sorted().map { "sidecart/v1/\($0)" } + ["grpc/health/v1/health.proto"]
        }
    }

    /// All `SERVICE/METHOD` of them that do not stream.
    static var unaryMethods: Set<String> {
        get throws {
            var methods: Set<String> = []
            for file in try files {
                let text = try String(
                    contentsOf: root.appendingPathComponent(file), encoding: .utf8)
                var (package, service) = ("", "")
                for line in text.split(separator: "\n") {
                    let words = line.split { " ;({".contains($0) }.map(String.init)
                    guard words.count > 1 else { continue }
                    switch words[0] {
                    case "package": package = words[1]
                    case "service": service = "\(package).\(words[1])"
                    case "rpc" where !line.contains("(stream") && !line.contains("returns (stream"):
                        methods.insert("\(service)/\(words[1])")
                    default: break
                    }
                }
            }
            return methods
        }
    }
}
