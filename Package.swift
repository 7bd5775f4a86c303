// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors in this package; SwiftPM ignores this setting where the package is a dependency.
let swift: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// For the modules that need no unsafe pointer: every unsafe construct there is a visible choice.
let strict: [SwiftSetting] = swift + [.strictMemorySafety()]

let c: [CSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "sidecart",
    products: [
        .library(name: "SidecartClient", targets: ["SidecartClient"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    // Each target names every module of ours that it imports: one that comes with another would not
    // be looked at when SwiftPM decides what to build again.
    targets: [
        // System libraries.
        .systemLibrary(name: "CLibUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(
            name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]
        ),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),

        // C of our own: what protoc-c generated, and the numeric kernels.
        .target(name: "CSidecartProto", dependencies: ["CProtobufC"]),
        .target(name: "CKernels", cSettings: c),

        // Pure modules, ground floor first.
        .target(name: "Interactions", dependencies: ["CZlib"], swiftSettings: swift),
        .target(
            name: "EventJournal", dependencies: ["Interactions", "CKernels", "CSQLite"],
            swiftSettings: swift),
        .target(name: "Measures", swiftSettings: strict),
        .target(name: "SampleShop", dependencies: ["Interactions"], swiftSettings: strict),
        .target(
            name: "EmbeddingStore", dependencies: ["Interactions", "CKernels"], swiftSettings: swift
        ),
        .target(
            name: "ModelParts", dependencies: ["Interactions", "CKernels"], swiftSettings: swift),
        .target(
            name: "Models", dependencies: ["ModelParts", "Measures", "Interactions", "CKernels"],
            swiftSettings: swift),
        .target(
            name: "Bundles", dependencies: ["ModelParts", "Interactions", "CLibCrypto", "CLinux"],
            swiftSettings: swift),
        .target(
            name: "CrossSell",
            dependencies: ["Bundles", "EmbeddingStore", "ModelParts", "Interactions", "CKernels"],
            swiftSettings: swift),
        .target(
            name: "RankerTraining",
            dependencies: [
                "Models", "CrossSell", "Bundles", "EmbeddingStore", "ModelParts", "Interactions",
            ],
            swiftSettings: swift),
        .target(
            name: "Evaluation",
            dependencies: [
                "RankerTraining", "Models", "CrossSell", "Bundles", "EmbeddingStore", "ModelParts",
                "Measures",
                "Interactions", "CKernels",
            ],
            swiftSettings: swift),

        // The wire.
        .target(name: "Buffers", swiftSettings: swift),
        .target(name: "Metrics", swiftSettings: strict),
        .target(name: "Wire", dependencies: ["Buffers"], swiftSettings: swift),
        .target(
            name: "HTTP2", dependencies: ["Wire", "Buffers", "CNGHTTP2"], swiftSettings: swift),
        .target(name: "EventLoop", dependencies: ["Buffers", "CLibUV"], swiftSettings: swift),
        .target(
            name: "MetricsEndpoint", dependencies: ["EventLoop", "Buffers", "Metrics"],
            swiftSettings: swift),
        .target(
            name: "RPC",
            dependencies: ["HTTP2", "Wire", "EventLoop", "Buffers", "Metrics", "CSidecartProto"],
            swiftSettings: swift),
        .target(
            name: "SidecartClient", dependencies: ["Wire", "EventLoop", "Buffers"],
            path: "Clients/Swift",
            swiftSettings: swift),

        // From events to a bundle, as the command line and a server's retraining both run it.
        .target(
            name: "Training",
            dependencies: ["Evaluation", "Bundles", "Models", "ModelParts", "Interactions"],
            swiftSettings: strict),

        // What was shown, and what came of it.
        .target(
            name: "Outcomes", dependencies: ["EventLoop", "Interactions"], swiftSettings: swift),

        // What is run.
        .target(
            name: "SidecartServer",
            dependencies: [
                "CrossSell", "Bundles", "EmbeddingStore", "ModelParts", "EventJournal",
                "Interactions", "RPC", "EventLoop", "Wire", "Buffers", "Metrics", "Outcomes",
                "CSidecartProto",
            ],
            swiftSettings: swift),
        .executableTarget(
            name: "sidecart",
            dependencies: [
                "SidecartServer", "SidecartClient", "Training", "Evaluation", "Measures", "Models",
                "CrossSell",
                "EmbeddingStore", "Bundles", "ModelParts", "SampleShop", "EventJournal",
                "Interactions", "RPC", "EventLoop", "Wire", "Buffers", "Metrics",
                "MetricsEndpoint", "CLinux", "CSQLite",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: swift),

        // Tests: one target a module.
        .testTarget(
            name: "InteractionsTests",
            dependencies: ["Interactions", "CAllocationCounter", "TestFolders"],
            swiftSettings: swift),
        .testTarget(
            name: "EventJournalTests",
            dependencies: ["EventJournal", "Interactions", "TestFolders"],
            swiftSettings: swift),
        .testTarget(
            name: "SampleShopTests", dependencies: ["SampleShop", "Interactions"],
            swiftSettings: swift),
        .testTarget(
            name: "EmbeddingStoreTests",
            dependencies: ["EmbeddingStore", "CKernels", "Interactions", "CPlainScan"],
            swiftSettings: swift),
        .testTarget(
            name: "RankerTrainingTests",
            dependencies: [
                "RankerTraining", "Evaluation", "Models", "ModelParts", "Interactions",
                "SampleShop",
            ],
            swiftSettings: swift),
        .testTarget(
            name: "OutcomesTests", dependencies: ["Outcomes", "TestFolders"], swiftSettings: swift),
        .testTarget(name: "MetricsTests", dependencies: ["Metrics"], swiftSettings: strict),
        .testTarget(
            name: "MetricsEndpointTests", dependencies: ["MetricsEndpoint"], swiftSettings: swift),
        .testTarget(name: "MeasuresTests", dependencies: ["Measures"], swiftSettings: swift),
        .testTarget(
            name: "ModelsTests",
            dependencies: [
                "CKernels", "Interactions", "ModelParts", "Models", "Evaluation", "ReferenceScorer",
            ],
            swiftSettings: swift),
        .testTarget(
            name: "EvaluationTests",
            dependencies: [
                "CKernels", "Interactions", "Measures", "ModelParts", "Models", "Evaluation",
                "ReferenceScorer",
            ],
            swiftSettings: swift),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Training", "Bundles", "CrossSell", "EmbeddingStore", "Evaluation", "Interactions",
                "Measures", "ModelParts", "Models",
            ],
            swiftSettings: swift),
        .testTarget(
            name: "CrossSellTests",
            dependencies: [
                "CrossSell", "Bundles", "EmbeddingStore", "Evaluation", "Interactions",
                "ModelParts", "Models",
                "SampleShop", "CAllocationCounter", "ReferenceScorer", "TestFolders",
            ],
            swiftSettings: swift),
        .target(
            name: "ReferenceScorer", dependencies: ["ModelParts", "Interactions"],
            path: "Tests/ReferenceScorer",
            swiftSettings: swift),
        .target(
            name: "CAllocationCounter", path: "Tests/CAllocationCounter", cSettings: c),
        .target(name: "CPeerIdentity", path: "Tests/CPeerIdentity", cSettings: c),
        .target(name: "CFailingCalls", path: "Tests/CFailingCalls", cSettings: c),
        .target(name: "CPlainScan", path: "Tests/CPlainScan", cSettings: c),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "CAllocationCounter", "CPeerIdentity", "sidecart", "SidecartClient", "SampleShop",
                "Bundles", "EventJournal", "EventLoop", "Evaluation", "Interactions", "ModelParts",
                "Wire", "Buffers", "TestFolders", "TestGRPC", "TestPeers", "attacker",
            ],
            swiftSettings: swift),
        // A peer that means harm, as a process of its own.
        .executableTarget(
            name: "attacker", dependencies: ["TestGRPC", "TestPeers"], path: "Tests/Attacker",
            swiftSettings: swift),
        // Inputs that were never meant: run shortly by tests, and for long by `make fuzz`.
        .target(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer", cSettings: c),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Interactions", "Bundles", "ModelParts", "Wire", "Buffers", "RPC",
                "CSidecartProto", "CLibCrypto", "HTTP2", "TestFrames", "TestGRPC", "TestFolders",
            ],
            path: "Tests/Fuzz/Targets", swiftSettings: swift),
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets", "CFuzzer"], path: "Tests/Fuzz/Runner",
            swiftSettings: swift),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets"], swiftSettings: swift),
        .testTarget(
            name: "BundlesTests",
            dependencies: [
                "Bundles", "ModelParts", "Interactions", "TestFolders", "TestPeers",
                "CFailingCalls",
            ],
            swiftSettings: swift),
        .testTarget(
            name: "EventLoopTests",
            dependencies: ["EventLoop", "Buffers", "Interactions", "TestFolders"],
            swiftSettings: swift),
        .target(name: "TestFolders", path: "Tests/TestFolders", swiftSettings: swift),
        .target(
            name: "TestPeers", dependencies: ["EventLoop"], path: "Tests/TestPeers",
            swiftSettings: swift),
        .target(
            name: "TestGRPC", dependencies: ["Wire", "CNGHTTP2", "TestPeers"],
            path: "Tests/TestGRPC",
            swiftSettings: swift),
        .target(
            name: "TestFrames", dependencies: ["Wire", "Buffers"], path: "Tests/TestFrames",
            swiftSettings: swift),
        .testTarget(
            name: "WireTests",
            dependencies: ["Wire", "Buffers", "CSidecartProto", "Interactions", "TestFrames"],
            swiftSettings: swift),
        .testTarget(
            name: "RPCTests",
            dependencies: [
                "RPC", "EventLoop", "Wire", "CSidecartProto", "Interactions", "CAllocationCounter",
                "CPeerIdentity", "HTTP2", "Buffers",
                "TestFrames", "TestGRPC", "TestFolders", "TestPeers",
            ],
            swiftSettings: swift),
        .testTarget(
            name: "SidecartClientTests",
            dependencies: ["SidecartClient", "RPC", "CSidecartProto", "TestFolders"],
            swiftSettings: swift),
    ],
    swiftLanguageModes: [.v6]
)
