import Dispatch
import Foundation
import Synchronization

/// A folder that goes when it is no longer needed, and when SIGINT, SIGTERM or SIGHUP ends the
/// program.
final class TemporaryFolder {
    let path: String

    init() throws(Failure) {
        var template = Array("\(NSTemporaryDirectory())/sidecart-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw Failure("no temporary folder: \(String(cString: strerror(errno)))")
        }
        let path = String(cString: made)
        self.path = path
        Self.living.withLock { folders in
            if folders.signals.isEmpty { folders.signals = Self.removeAtSignals() }
            folders.paths.insert(path)
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        _ = Self.living.withLock { [path] in $0.paths.remove(path) }
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    private struct Living {
        var paths: Set<String> = []
        /// Kept, since a source that nobody holds hears nothing.
        var signals: [any DispatchSourceSignal] = []
    }

    private static let living = Mutex(Living())

    /// Removes the folders at a signal and then ends as the signal would have it.
    private static func removeAtSignals() -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM, SIGHUP].map { number in
            // Else the signal would end the program before its source hears of it.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let paths = living.withLock { $0.paths }
                for path in paths { try? FileManager.default.removeItem(atPath: path) }
                signal(number, SIG_DFL)
                kill(getpid(), number)
            }
            source.resume()
            return source
        }
    }
}
