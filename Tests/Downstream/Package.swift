// swift-tools-version: 6.2
import PackageDescription

// A service of somebody else that links the client by git URL and version; `check` beside this file
// builds it outside this repository and calls a server with it.
let package = Package(
    name: "downstream",
    dependencies: [.package(url: "SIDECART_URL", from: "0.1.0")],
    targets: [
        .executableTarget(
            name: "downstream",
            dependencies: [.product(name: "SidecartClient", package: "sidecart")])
    ]
)
