/// How often a relevant item scores higher than another one, ties counting half: the area under
/// the receiver operating characteristic.
///
/// Source: Mann and Whitney 1947, "On a test of whether one of two random variables is
/// stochastically larger than the other".
///
/// - Parameters:
///   - standings: of each relevant item among the others.
///   - others: how many items there are that are not relevant.
/// - Returns: 0 to 1; NaN where there is nothing to compare.
package func areaUnderCurve(_ standings: [Standing], others: Int) -> Double {
    guard others > 0, !standings.isEmpty else { return .nan }
    let lost = standings.reduce(0) { $0 + Double($1.higher) + Double($1.tied) / 2 }
    return 1 - lost / (Double(others) * Double(standings.count))
}
