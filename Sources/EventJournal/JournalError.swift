/// Why a journal cannot be opened, read or written.
package struct JournalError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The file is another program's, or a folder.
        case foreign
        /// A newer Sidecart made it.
        case newer
        /// What it holds contradicts itself.
        case damaged
        /// Another server has it.
        case inUse
        /// The disk, or the journal's limit of size, is full.
        case full
        /// The file or its folder cannot be written.
        case readOnly
        /// The system failed to read or write.
        case io
        /// A request names what cannot be.
        case invalid
    }

    package let code: Code
    /// Names the file, and says what can be done.
    package let message: String

    init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    package var description: String { message }

    /// The journal was closed before a call was begun.
    package static func closed(_ path: String) -> JournalError {
        JournalError(.inUse, "\(path): the server has closed its journal")
    }

    /// No thread could be had to check it.
    package static func unchecked(_ path: String) -> JournalError {
        JournalError(.io, "\(path): the system gives no thread to check the journal in")
    }

    /// Whether nothing may be written any more until the file was checked and opened again.
    var isFatal: Bool { code == .damaged || code == .io }
}

extension [UInt8] {
    /// Lends the bytes; unlike the library's `withUnsafeBytes` it lets a typed error through.
    package func withBytes<R>(
        _ body: (UnsafeRawBufferPointer) throws(JournalError) -> R
    ) throws(JournalError) -> R {
        try withUnsafeBufferPointer { bytes throws(JournalError) in
            try body(UnsafeRawBufferPointer(bytes))
        }
    }
}
