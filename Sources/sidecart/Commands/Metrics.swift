import ArgumentParser
import SidecartClient

struct Metrics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a server's metrics as Prometheus reads them.",
        discussion: """
            Counters, gauges and histograms of calls, answers, slates, buffers, the model and the process, each with its help. A server \
            that is to be scraped serves them by itself (`sidecart serve --metrics-listen`) or keeps a file of them \
            (`--metrics-file`).

            Examples:
              sidecart metrics --socket /tmp/sidecart.sock
              sidecart metrics --socket /tmp/sidecart.sock | grep sidecart_calls_total
              sidecart metrics --socket /tmp/sidecart.sock | promtool check metrics
            """)

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Print OpenMetrics 1.0.0 instead of version 0.0.4 of Prometheus' text format.")
    var openMetrics = false

    func run() async throws {
        let text = try await connection.ask {
            try await $0.metrics(openMetrics ? .openMetrics : .prometheus)
        }
        // It ends with a line feed of its own.
        try Output.print(String(text.dropLast()))
    }
}
