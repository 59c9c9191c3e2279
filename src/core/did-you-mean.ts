/** The end of a message about a word that is not known: `; did you mean "openai"?`, or nothing where no known word is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const nearest = nearestWord(word, known)
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`
}

/** The known word that a typing mistake or another spelling (`api_key` for `apiKey`) most likely meant. The first wins a tie. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  const plain = simplify(word)
  let nearest: string | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const edits = countEdits(plain, simplify(candidate))
    const allowed = Math.max(1, Math.floor(Math.max(plain.length, candidate.length) / 3))
    if (edits <= allowed && edits < fewest) {
      nearest = candidate
      fewest = edits
    }
  }
  return nearest
}

function simplify(word: string): string {
  // Longer words are no typing mistakes; the bound keeps the quadratic search small.
  return word.slice(0, 100).toLowerCase().replace(/[-_ ]/g, '')
}

/** Inserted, removed, replaced and swapped neighbouring characters: the optimal string alignment distance. */
function countEdits(left: string, right: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const cost = left[row - 1] === right[column - 1] ? 0 : 1
      const at = (line: number[], index: number) => line[index] ?? Number.POSITIVE_INFINITY
      let edits = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + cost)
      const isSwapped = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (isSwapped) edits = Math.min(edits, at(beforeLast, column - 2) + 1)
      current.push(edits)
    }
    beforeLast = last
    last = current
  }
  return last[right.length] ?? Number.POSITIVE_INFINITY
}
