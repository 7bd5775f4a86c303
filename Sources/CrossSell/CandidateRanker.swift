internal import ModelParts

/// A ranker with the memory that one engine uses it with.
final class CandidateRanker {
    let network: RankerNetwork
    let scratch: RankerScratch
    /// Shape `[candidatesMax, F]`: what each candidate's features are, by its position.
    let features: UnsafeMutablePointer<Float>
    /// Positions of the candidates that went through the deep part and are not taken yet: a heap.
    var shortlist: [Int32] = []
    /// What ``RankerFeature/historyLength`` is for the request under way.
    var shopperLength: Float = 0
    let product: Int?
    let itemWeights: Int?
    let userList: Int?
    let neighbors: Int?
    let popularity: Int?
    let historyLength: Int?

    init(_ network: RankerNetwork, candidatesMax: Int) {
        self.network = network
        scratch = RankerScratch(network)
        features = .allocate(capacity: max(1, candidatesMax * network.featureCount))
        shortlist.reserveCapacity(RankerNetwork.blockMax)
        product = network.column(of: .product)
        itemWeights = network.column(of: .itemWeights)
        userList = network.column(of: .userList)
        neighbors = network.column(of: .neighbors)
        popularity = network.column(of: .popularity)
        historyLength = network.column(of: .historyLength)
    }

    deinit { features.deallocate() }

    /// The features of the candidate at a position.
    func row(_ position: Int) -> UnsafeMutablePointer<Float> {
        features + position * network.featureCount
    }

    func clear(_ position: Int) {
        row(position).update(repeating: 0, count: network.featureCount)
    }

    /// The weight of a feature in the wide part; 0 where the ranker does not ask for it.
    func weight(_ column: Int?) -> Float { column.map { network.parts.wide[$0] } ?? 0 }

    /// What a feature adds to a candidate's wide part.
    func part(_ column: Int?, of position: Int) -> Float {
        column.map { network.parts.wide[$0] * row(position)[$0] } ?? 0
    }
}
