internal import ModelParts

/// Profiles of items and shoppers as tensors and back.
extension ModelBundle {
    static func tensors(_ profiles: Profiles) -> [Tensor] {
        let habits = profiles.habits
        return [
            Tensor("profiles.month_sales", .float32(profiles.monthSales)),
            Tensor("profiles.week_sales", .float32(profiles.weekSales)),
            Tensor("profiles.repeat_rates", .float32(profiles.repeatRates)),
            Tensor("profiles.repeat_intervals", .float32(profiles.repeatIntervals)),
            Tensor("profiles.repeat_spreads", .float32(profiles.repeatSpreads)),
            Tensor("habits.offsets", .int64(habits.offsets)),
            Tensor("habits.items", .int32(habits.items)),
            Tensor("habits.counts", .float32(habits.counts)),
            Tensor("habits.lately", .float32(habits.lately)),
            Tensor("habits.recently", .float32(habits.recently)),
            Tensor("habits.ages", .float32(habits.ages)),
            Tensor("habits.intervals", .float32(habits.intervals)),
            Tensor("habits.basket_counts", .float32(habits.basketCounts)),
        ]
    }

    static func profiles(
        _ set: inout TensorSet, items: Int, users: Int
    ) throws(BundleError) -> Profiles? {
        guard set.contains("profiles.month_sales") else { return nil }
        func facts(
            _ name: String, count: Int, within range: ClosedRange<Float> = notNegative
        ) throws(BundleError) -> [Float] {
            try set.takeFloats(name, count: count, within: range)
        }
        var habits = Habits()
        habits.offsets = try set.takeOffsets("habits.offsets", rows: users)
        let count = habits.offsets[users]
        habits.items = try set.takeIndices(
            "habits.items", count: count, within: 0..<Int32(items))
        habits.counts = try facts("habits.counts", count: count)
        habits.lately = try facts("habits.lately", count: count)
        habits.recently = try facts("habits.recently", count: count)
        habits.ages = try facts("habits.ages", count: count)
        habits.intervals = try facts("habits.intervals", count: count)
        habits.basketCounts = try facts("habits.basket_counts", count: users)
        return Profiles(
            monthSales: try facts("profiles.month_sales", count: items),
            weekSales: try facts("profiles.week_sales", count: items),
            repeatRates: try facts("profiles.repeat_rates", count: items, within: 0...1),
            repeatIntervals: try facts("profiles.repeat_intervals", count: items),
            repeatSpreads: try facts("profiles.repeat_spreads", count: items),
            habits: habits)
    }
}
