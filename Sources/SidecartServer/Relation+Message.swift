internal import CSidecartProto
internal import ModelParts

/// Relations as the contract has them, and back.
extension Relation {
    init?(_ message: Sidecart__V1__Relation) {
        guard let relation = Self.allCases.first(where: { $0.message == message }) else {
            return nil
        }
        self = relation
    }

    var message: Sidecart__V1__Relation {
        switch self {
        case .complement: SIDECART__V1__RELATION__COMPLEMENT
        case .similar: SIDECART__V1__RELATION__SIMILAR
        case .substitute: SIDECART__V1__RELATION__SUBSTITUTE
        case .rebuy: SIDECART__V1__RELATION__REBUY
        }
    }
}
