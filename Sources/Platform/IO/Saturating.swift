/// Arithmetic on numbers of others, which may be any: where the result does not fit it is the nearest number that does.
extension FixedWidthInteger {
    package func addingSaturated(_ other: Self) -> Self {
        let (sum, isOver) = addingReportingOverflow(other)
        // Only two of the same sign can go over.
        return isOver ? (other < 0 ? .min : .max) : sum
    }

    package func multipliedSaturated(by other: Self) -> Self {
        let (product, isOver) = multipliedReportingOverflow(by: other)
        return isOver ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}
