/** Whether a name matches a pattern in which `*` stands for any text, also none. Linear in the length of both. */
export function matchesPattern(pattern: string, name: string): boolean {
  const pieces = pattern.split('*')
  const [first, ...rest] = pieces
  const last = rest.pop()
  if (first === undefined || last === undefined) return pattern === name
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false
  let at = first.length
  const end = name.length - last.length
  for (const piece of rest) {
    const found = name.indexOf(piece, at)
    if (found === -1 || found + piece.length > end) return false
    at = found + piece.length
  }
  return true
}

/** Whether any of the patterns matches. */
export function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, name))
}
