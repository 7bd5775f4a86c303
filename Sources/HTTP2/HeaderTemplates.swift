internal import CNGHTTP2

/// The header fields that every answer has, as nghttp2 takes them; it copies none of them.
struct HeaderTemplates: @unchecked Sendable {
    // Safe to share: written once, and never freed.
    /// `:status` 200 and the content type.
    let response: UnsafeMutablePointer<nghttp2_nv>
    static let responseCount = 2
    /// `grpc-status` 0.
    let succeeded: UnsafeMutablePointer<nghttp2_nv>
    static let succeededCount = 1

    static let shared = HeaderTemplates()

    private init() {
        response = .allocate(capacity: Self.responseCount)
        response.initialize(to: .fixed(":status", "200"))
        (response + 1).initialize(to: .fixed("content-type", "application/grpc"))
        succeeded = .allocate(capacity: Self.succeededCount)
        succeeded.initialize(to: .fixed("grpc-status", "0"))
    }
}

extension nghttp2_nv {
    /// A field whose texts lie still.
    static func fixed(_ name: StaticString, _ value: StaticString) -> nghttp2_nv {
        nghttp2_nv(
            name: UnsafeMutablePointer(mutating: name.utf8Start),
            value: UnsafeMutablePointer(mutating: value.utf8Start),
            namelen: name.utf8CodeUnitCount, valuelen: value.utf8CodeUnitCount,
            flags: UInt8(
                NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue))
    }

    /// A field whose texts are copied.
    static func copied(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer)
        -> nghttp2_nv
    {
        nghttp2_nv(
            name: UnsafeMutablePointer(
                mutating: name.baseAddress?.assumingMemoryBound(to: UInt8.self)),
            value: UnsafeMutablePointer(
                mutating: value.baseAddress?.assumingMemoryBound(to: UInt8.self)),
            namelen: name.count, valuelen: value.count, flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue))
    }

    /// A field whose value is copied.
    static func copied(_ name: StaticString, _ value: UnsafeRawBufferPointer) -> nghttp2_nv {
        nghttp2_nv(
            name: UnsafeMutablePointer(mutating: name.utf8Start),
            value: UnsafeMutablePointer(
                mutating: value.baseAddress?.assumingMemoryBound(to: UInt8.self)),
            namelen: name.utf8CodeUnitCount, valuelen: value.count,
            flags: UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue))
    }
}
