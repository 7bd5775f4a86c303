import Foundation

/// A program of `Clients/Go` or `Clients/Cpp`, on the stock libraries of its language.
package struct ClientProgram: Sendable, CustomStringConvertible {
    /// Such as `go-everycall`.
    package let name: String
    /// What comes before the socket, as of a program that speaks more than one protocol.
    package let options: [String]

    package init(_ name: String, _ options: String...) {
        (self.name, self.options) = (name, options)
    }

    package var description: String { ([name] + options).joined(separator: " ") }

    /// Where `make test-clients` puts them: the folder that `SIDECART_CLIENTS` names.
    private var path: String {
        (ProcessInfo.processInfo.environment["SIDECART_CLIENTS"] ?? "") + "/\(name)"
    }

    /// Whether it is there to be run.
    package var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// Why it is not.
    package static let skipped =
        "needs the programs that make test-clients compiles, where Go or gRPC for C++ is installed"

    /// Runs it to its end.
    package func run(_ socket: String, _ arguments: [String]) -> (status: Int32, output: String) {
        runCommand([path] + options + [socket] + arguments)
    }
}
