internal import CSidecartProto
internal import CrossSell
internal import RPC

/// The rules of a request, checked field by field.
extension QueryRules {
    /// Takes over a request's fields.
    mutating func fill(
        _ request: Sidecart__V1__RecommendRequest, _ limits: EngineLimits
    ) throws(RPCError) {
        try FieldCheck.fill(
            &exclusions, "exclude", request.exclude, request.n_exclude, max: limits.exclusions)
        try FieldCheck.fill(
            &allowed, "allow", request.allow, request.n_allow, max: limits.exclusions)
        includesPurchased = request.include_purchased != 0
        includesDue = request.include_due != 0
        includesOutOfStock = request.include_out_of_stock != 0
        leavesOutSubstitutes = request.leave_out_substitutes != 0
        (priceMin, priceMax) = (request.price_min, try Self.limit("price_max", request.price_max))
        budget = try Self.limit("basket_budget", request.basket_budget)
        try FieldCheck.fillPaths(
            &categories, "categories", request.categories, request.n_categories,
            max: limits.categories)
        try FieldCheck.fillPaths(
            &excludedCategories, "exclude_categories", request.exclude_categories,
            request.n_exclude_categories, max: limits.categories)
        supportMin = Float(request.support_min)
        perCategoryMax = Int(request.per_category_max)
        categoryLevel = Int(request.category_level)
        perBasketItemMax = Int(request.per_basket_item_max)
        diversity = request.diversity
        marginWeight = request.margin_weight
        newItemsMax = Int(request.new_items_max)
        leavesOutNewItems = request.leave_out_new_items != 0
        try FieldCheck.limit(request.n_boosts, "boosts", max: limits.boosts)
        for place in 0..<request.n_boosts {
            boosts.append(try Self.boost(request.boosts[place]!.pointee, "boosts[\(place)]"))
        }
        try checkNumbers()
    }

    private static func boost(
        _ message: Sidecart__V1__Boost, _ field: String
    ) throws(RPCError) -> Boost {
        guard (message.item_id.len > 0) != (message.category.len > 0) else {
            throw RPCError(.invalidArgument, "\(field) names one of item_id and category")
        }
        if message.item_id.len > 0 {
            return Boost(
                .item(try FieldCheck.id(message.item_id, "\(field).item_id")),
                factor: message.factor)
        }
        let path = try FieldCheck.path(message.category, "\(field).category")
        return Boost(.category(path), factor: message.factor)
    }

    /// What 0 means as a limit: none.
    static func limit(_ field: String, _ value: Float) throws(RPCError) -> Float {
        guard value >= 0, value.isFinite else {
            throw RPCError(.invalidArgument, "\(field) is \(value), not 0 or more")
        }
        return value == 0 ? .infinity : value
    }

    /// Checks numbers one by one and together.
    private func checkNumbers() throws(RPCError) {
        guard priceMin >= 0, priceMin.isFinite else {
            throw RPCError(.invalidArgument, "price_min is \(priceMin), not 0 or more")
        }
        guard priceMin <= priceMax else {
            throw RPCError(
                .invalidArgument, "price_min is \(priceMin), above price_max, \(priceMax)")
        }
        guard diversity >= 0, diversity < 1 else {
            throw RPCError(.invalidArgument, "diversity is \(diversity), not 0 to below 1")
        }
        guard marginWeight >= 0, marginWeight <= 1 else {
            throw RPCError(.invalidArgument, "margin_weight is \(marginWeight), not 0 to 1")
        }
        guard categoryLevel == 0 || perCategoryMax > 0 else {
            throw RPCError(
                .invalidArgument, "category_level is \(categoryLevel) without per_category_max")
        }
        for (place, boost) in boosts.enumerated() {
            guard Self.factors ~= boost.factor else {
                throw RPCError(
                    .invalidArgument,
                    "boosts[\(place)].factor is \(boost.factor), not \(Self.factors.lowerBound) "
                        + "to \(Self.factors.upperBound)")
            }
        }
    }

    private static let factors: ClosedRange<Float> = 0.001...1_000

    /// Checks rules that came from more than one place.
    func check(_ limits: EngineLimits) throws(RPCError) {
        try FieldCheck.limit(exclusions.count, "exclude", max: limits.exclusions)
        try FieldCheck.limit(allowed.count, "allow", max: limits.exclusions)
        try FieldCheck.limit(categories.count, "categories", max: limits.categories)
        try FieldCheck.limit(
            excludedCategories.count, "exclude_categories", max: limits.categories)
        try FieldCheck.limit(boosts.count, "boosts", max: limits.boosts)
        try checkNumbers()
    }
}

extension Exploration {
    /// Takes over a request's field.
    mutating func fill(_ request: Sidecart__V1__Exploration, k: Int) throws(RPCError) {
        guard request.share > 0, request.share <= Self.shareMax else {
            throw RPCError(
                .invalidArgument,
                "explore.share is \(request.share), not above 0 and at most \(Self.shareMax)")
        }
        guard Int(request.places) <= k else {
            throw RPCError(
                .invalidArgument, "explore.places is \(request.places), above k, \(k)")
        }
        guard request.pool == 0 || 2...UInt32(Self.poolMax) ~= request.pool else {
            throw RPCError(
                .invalidArgument, "explore.pool is \(request.pool), not 2 to \(Self.poolMax)")
        }
        share = request.share
        places = request.places == 0 ? 1 : Int(request.places)
        if request.pool > 0 { pool = Int(request.pool) }
        seed = request.seed
    }
}
