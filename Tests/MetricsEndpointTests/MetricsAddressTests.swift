import MetricsEndpoint
import Testing

@Suite struct MetricsAddressTests {
    @Test(
        "Loopback addresses and Unix sockets are taken",
        arguments: [
            ("127.0.0.1:9464", "127.0.0.1:9464"), ("127.9.8.7:1", "127.9.8.7:1"),
            ("localhost:0", "127.0.0.1:0"), ("[::1]:9464", "[::1]:9464"),
            ("unix:/run/m", "unix:/run/m"), ("unix:m", "unix:m"),
        ])
    func taken(text: String, meaning: String) throws {
        #expect(try MetricsAddress(text).description == meaning)
    }

    @Test(
        "Addresses that others could reach, and what is no address, are refused by name",
        arguments: [
            ("0.0.0.0:9464", "loopback"), ("10.0.0.1:80", "loopback"), (":9464", "loopback"),
            ("[::]:9464", "loopback"), ("example.org:80", "loopback"),
            ("[::ffff:127.0.0.1]:1", "loopback"), ("127.0.0.1", "no address and port"),
            ("127.0.0.1:65536", "no address and port"), ("9464", "no address and port"),
            ("unix:", "0 bytes"), ("unix:" + String(repeating: "a", count: 108), "108 bytes"),
        ])
    func refused(text: String, part: String) {
        let error = #expect(throws: MetricsAddressError.self) { try MetricsAddress(text) }
        #expect(error?.description.contains(part) == true, "\(error!)")
        #expect(error?.description.hasPrefix("\(text): ") == true)
    }
}
