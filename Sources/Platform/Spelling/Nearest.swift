/// The known word that a mistyped one most likely means, nil when none is near.
///
/// Near is: at most a third of the word's letters (and at least one) inserted, left out, changed or swapped with its
/// neighbour. Of equally near words the first of `known` wins. Upper and lower case count as the same letter.
///
/// - Parameters:
///   - word: What was typed.
///   - known: What could have been meant.
/// - Returns: The nearest of `known`, spelled as there.
package func nearest(to word: String, in known: some Sequence<String>) -> String? {
    let typed = Array(word.lowercased())
    // A word this long is no slip of the finger, and the distance costs the product of the lengths.
    guard typed.count <= 64 else { return nil }
    let tolerance = max(1, typed.count / 3)
    var best: (word: String, distance: Int)?
    for candidate in known {
        let letters = Array(candidate.lowercased())
        guard abs(letters.count - typed.count) <= tolerance else { continue }
        let distance = editDistance(typed, letters)
        if distance <= tolerance, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
}

/// The optimal string alignment distance: insertions, deletions, changes and swaps of neighbours.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        current.reserveCapacity(right.count + 1)
        for column in right.indices {
            let changed = last[column] + (left[row] == right[column] ? 0 : 1)
            var distance = min(last[column + 1] + 1, current[column] + 1, changed)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                distance = min(distance, beforeLast[column - 1] + 1)
            }
            current.append(distance)
        }
        beforeLast = last
        last = current
    }
    return last[right.count]
}
