internal import CLibUV

/// A value that threads share, reached under a lock.
///
/// The same as Synchronization's `Mutex`, whose slow path is not compiled with the thread sanitizer
/// and so hides from it what the lock orders: with `Mutex` every contended lock is reported as a
/// race. Lock and value lie in one heap object.
package struct Locked<Value: Sendable>: @unchecked Sendable {
    // Safe to share: the value is reached under the mutex only, and neither ever moves.
    private let storage: ManagedBuffer<Value, uv_mutex_t>

    private final class Storage: ManagedBuffer<Value, uv_mutex_t> {
        deinit { withUnsafeMutablePointerToElements { uv_mutex_destroy($0) } }
    }

    package init(_ value: Value) {
        storage = Storage.create(minimumCapacity: 1) { storage in
            storage.withUnsafeMutablePointerToElements {
                let status = uv_mutex_init($0)
                precondition(status == 0, "uv_mutex_init: \(status)")
            }
            return value
        }
    }

    /// As ``withLock(_:)``, unless somebody has the lock: then nil at once.
    package func withLockIfFree<Result: Sendable>(_ body: (inout Value) -> Result) -> Result? {
        storage.withUnsafeMutablePointers { value, mutex in
            guard uv_mutex_trylock(mutex) == 0 else { return nil }
            defer { uv_mutex_unlock(mutex) }
            return body(&value.pointee)
        }
    }

    package func withLock<Result: Sendable, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withUnsafeMutablePointers { value, mutex throws(Failure) in
            uv_mutex_lock(mutex)
            defer { uv_mutex_unlock(mutex) }
            return try body(&value.pointee)
        }
    }
}
