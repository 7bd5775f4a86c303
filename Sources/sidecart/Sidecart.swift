import ArgumentParser
import SidecartServer

@main
struct Sidecart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sidecart",
        abstract: "Which items go with this basket, for this shopper, now?",
        discussion: """
            Learns from a shop's events, serves what it learned on a Unix socket, and asks it.

            Examples:
              sidecart demo
              sidecart train events.csv --out bundle
              sidecart serve --bundle bundle --socket /tmp/sidecart.sock
              sidecart recommend --socket /tmp/sidecart.sock --basket tea-0001,tea-0002
            """,
        version: SidecartServer.version,
        subcommands: [
            Demo.self, Train.self, Evaluate.self, Serve.self, Recommend.self, Related.self,
            Score.self, Inspect.self, Status.self, Bench.self, EchoServer.self,
        ])
}
