import Glibc

// attacker SOCKET KIND CONNECTIONS SECONDS
//
// Means harm to a server over HTTP/2, from a process of its own, since a server tells processes apart:
// each connection sends frames of a kind for as long as it is let, and connects anew at once when it is
// not. Prints how many frames were sent on how many connections. The kind "spin" sends nothing and
// uses up as many threads instead: what an attacker costs its neighbors by running on the same machine.

func fail(_ message: String) -> Never {
    let line = Array("attacker: \(message)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(64)
}

let arguments = CommandLine.arguments
guard arguments.count == 5, let connections = Int(arguments[3]), let seconds = Double(arguments[4])
else { fail("SOCKET KIND CONNECTIONS SECONDS") }
guard arguments[2] == "spin" || Attack.kinds.contains(arguments[2]) else {
    fail("there is no kind '\(arguments[2])'")
}
// Where server and neighbors are given priority (`chrt -f 10 make hostile`), what an attacker's own use
// of the machine costs them is taken out of the measurement.
var ordinary = sched_param()
sched_setscheduler(0, SCHED_OTHER, &ordinary)
let attack = Attack(arguments[2], on: arguments[1], seconds: seconds)
attack.run(threads: connections)
print(attack.frames.load(ordering: .relaxed), attack.connections.load(ordering: .relaxed))
