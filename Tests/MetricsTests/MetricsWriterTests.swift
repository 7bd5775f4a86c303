import Metrics
import Testing

@Suite struct MetricsWriterTests {
    private func text(
        _ format: MetricsWriter.Format, _ write: (inout MetricsWriter) -> Void
    ) -> String {
        var writer = MetricsWriter(format)
        write(&writer)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    @Test(
        "A counter bears _total: in Prometheus' format its family too, in OpenMetrics its samples alone"
    )
    func counters() {
        func write(_ writer: inout MetricsWriter) {
            writer.add("a_calls", .counter, "Calls.") {
                $0.add(3, ["method": "x"])
                $0.add(4, ["method": "y", "code": "OK"])
            }
        }
        #expect(
            text(.prometheus, write) == """
                # HELP a_calls_total Calls.
                # TYPE a_calls_total counter
                a_calls_total{method="x"} 3
                a_calls_total{method="y",code="OK"} 4

                """)
        #expect(
            text(.openMetrics, write) == """
                # HELP a_calls Calls.
                # TYPE a_calls counter
                a_calls_total{method="x"} 3
                a_calls_total{method="y",code="OK"} 4
                # EOF

                """)
    }

    @Test(
        "Quotes, backslashes and line feeds in labels are escaped, and other text is left as it is")
    func escaping() {
        let lines = text(.prometheus) {
            $0.add("a", .gauge, "One \\ two\n\"three\".") {
                $0.add(1, ["v": "say \"hi\"\\\nGrüße, {x=1}"])
            }
        }
        #expect(
            lines == """
                # HELP a One \\\\ two\\n"three".
                # TYPE a gauge
                a{v="say \\"hi\\"\\\\\\nGrüße, {x=1}"} 1

                """)
    }

    @Test("Numbers that are none have Prometheus' spelling")
    func numbers() {
        let lines = text(.prometheus) {
            $0.add("a", .gauge, "A.") {
                for (i, value) in [0.5, .infinity, -.infinity, .nan, 1e-6].enumerated() {
                    $0.add(value, ["i": "\(i)"])
                }
            }
        }
        let values = lines.split(separator: "\n").dropFirst(2).map { $0.split(separator: " ")[1] }
        #expect(values == ["0.5", "+Inf", "-Inf", "NaN", "1e-06"])
    }

    @Test("A histogram's buckets add up, the last one holds all, and the bounds are in seconds")
    func histogram() throws {
        var counts = Array(repeating: 0, count: LatencyBuckets.count)
        (counts[0], counts[1], counts[43]) = (2, 3, 1)
        let lines = text(.prometheus) {
            $0.add("a_seconds", .histogram, "A.") {
                $0.add(counts: counts, sum: 0.25, ["method": "x"])
            }
        }.split(separator: "\n")
        #expect(lines.count == 2 + LatencyBuckets.count + 2)
        #expect(lines[2] == "a_seconds_bucket{method=\"x\",le=\"1e-06\"} 2")
        #expect(lines[3] == "a_seconds_bucket{method=\"x\",le=\"1.5e-06\"} 5")
        #expect(lines[44] == "a_seconds_bucket{method=\"x\",le=\"10.0\"} 5")
        #expect(lines[45] == "a_seconds_bucket{method=\"x\",le=\"+Inf\"} 6")
        #expect(lines[46] == "a_seconds_sum{method=\"x\"} 0.25")
        #expect(lines[47] == "a_seconds_count{method=\"x\"} 6")
    }

    @Test("A metric that is added twice, or whose name is none, is a bug")
    func bugs() async {
        await #expect(processExitsWith: .failure) {
            var writer = MetricsWriter(.prometheus)
            writer.add("a", .gauge, "A.", value: 1)
            writer.add("a", .gauge, "A.", value: 1)
        }
        await #expect(processExitsWith: .failure) {
            var writer = MetricsWriter(.prometheus)
            writer.add("a-b", .gauge, "A.", value: 1)
        }
    }
}
