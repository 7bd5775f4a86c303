internal import CLibUV

/// What every libuv handle shares: memory of its own, an owner, and one orderly way to close.
///
/// The handle lives in memory allocated here. Its `data` holds one retain of the owner, from `init`
/// until the close callback, which alone releases the owner and frees the memory. `deinit` never
/// closes anything.
package class Handle {
    /// The loop this handle belongs to. It must only be used on the loop's thread.
    package let loop: EventLoop
    let storage: UnsafeMutableRawPointer
    private var closed: (() -> Void)?

    /// True once ``close(then:)`` was called: no callback comes any more.
    package private(set) final var isClosing = false

    /// - Parameter start: the `uv_..._init` call. It may not fail in a way that leaves the handle
    ///   unregistered, other than by throwing.
    init(
        loop: EventLoop, type: uv_handle_type,
        start: (UnsafeMutableRawPointer) -> Int32
    ) throws(EventLoopError) {
        self.loop = loop
        storage = UnsafeMutableRawPointer.allocate(
            byteCount: uv_handle_size(type), alignment: 16)
        let result = start(storage)
        guard result == 0 else {
            storage.deallocate()
            throw EventLoopError(code: result, operation: "start a handle")
        }
        storage.assumingMemoryBound(to: uv_handle_t.self).pointee.data =
            Unmanaged.passRetained(self).toOpaque()
    }

    /// Closes the handle. Calls after the first one do nothing.
    ///
    /// - Parameter completion: runs on the loop once libuv has let go of the handle.
    package final func close(then completion: (() -> Void)? = nil) {
        guard !isClosing else { return }
        isClosing = true
        closed = completion
        willClose()
        uv_close(storage.assumingMemoryBound(to: uv_handle_t.self)) { handle in
            guard let handle, let data = handle.pointee.data else { return }
            let owner = Unmanaged<Handle>.fromOpaque(data).takeRetainedValue()
            owner.didClose()
            owner.storage.deallocate()
            let closed = owner.closed
            owner.closed = nil
            closed?()
        }
    }

    /// Lets the callbacks go, which usually hold the owner of the handle.
    func willClose() {}

    /// Releases what libuv may have used until now.
    func didClose() {}

    /// Stops this handle from keeping ``EventLoop/run()`` alive.
    final func unreference() {
        uv_unref(storage.assumingMemoryBound(to: uv_handle_t.self))
    }
}

/// Calls a method on the owner of a handle without a retain or a release.
///
/// Callbacks from C capture nothing and only forward through here.
@inline(__always)
func withOwner<Owner: Handle>(
    _ type: Owner.Type, _ data: UnsafeMutableRawPointer?, _ body: (Owner) -> Void
) {
    guard let data else { return }
    Unmanaged<Handle>.fromOpaque(data)._withUnsafeGuaranteedRef {
        body(unsafeDowncast($0, to: type))
    }
}
