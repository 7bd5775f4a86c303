import Foundation
import TestFolders
import Testing

extension ProgramTests {
    /// `sidecart import` and `export`, by interpreters of the tests' own: what they run is tested in Clients/Python.
    @Suite struct PythonCommandTests {
        private let folder = TemporaryFolder()

        private func run(python: String, _ arguments: String...) throws -> Program.Outcome {
            try Program.run(arguments, environment: ["SIDECART_PYTHON": python])
        }

        /// A program that prints its arguments, one a line, and ends with 3.
        private func interpreter() throws -> String {
            let path = folder["python"]
            try "#!/bin/sh\nprintf '%s\\n' \"$@\"\nexit 3\n".write(
                toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: path)
            return path
        }

        @Test(
            "What is asked reaches Python as it is, and its exit code comes back",
            arguments: ["import", "export"])
        func passesOn(command: String) throws {
            let asked = [command, "implicit", "a b.npz", "--out", "shop", "--half", "--help"]
            let outcome = try Program.run(
                asked, environment: ["SIDECART_PYTHON": interpreter()])
            #expect(outcome.code == 3)
            let lines = outcome.output.split(separator: "\n").map(String.init)
            #expect(lines.first == "-c")
            #expect(lines.suffix(asked.count) == asked[...])
            #expect(outcome.output.contains("from sidecart.__main__ import main"))
        }

        @Test("A Python that is not there is named, with the variable that names another")
        func missingInterpreter() throws {
            let outcome = try run(python: "/nonexistent/python", "import", "implicit", "als.npz")
            #expect(outcome.code == 1 && outcome.output.isEmpty)
            #expect(outcome.errors.hasPrefix("Error: 'sidecart import' needs Python"))
            #expect(outcome.errors.contains("/nonexistent/python cannot be run: No such file"))
            #expect(outcome.errors.contains("SIDECART_PYTHON"))
        }

        @Test("Help needs no Python", arguments: ["import", "export"])
        func help(command: String) throws {
            for arguments in [[command], [command, "--help"]] {
                let outcome = try Program.run(
                    arguments, environment: ["SIDECART_PYTHON": "/nonexistent/python"])
                #expect(outcome.code == 0)
                #expect(outcome.output.contains("Examples:"))
                #expect(outcome.output.contains("SIDECART_PYTHON"))
            }
        }
    }
}
