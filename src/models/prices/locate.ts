/** Where the value at a path of a JSON text begins, as line and column from 1; of what is not there, the nearest that holds it. */
export function locate(text: string, path: readonly (string | number)[]): { readonly line: number; readonly column: number } {
  let at = skipSpace(text, 0)
  for (const step of path) {
    const next = typeof step === 'number' ? elementOf(text, at, step) : memberOf(text, at, step)
    if (next === undefined) break
    at = next
  }
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
}

function elementOf(text: string, from: number, index: number): number | undefined {
  if (text[from] !== '[') return undefined
  let at = skipSpace(text, from + 1)
  for (let passed = 0; passed < index; passed++) {
    at = skipSpace(text, endOf(text, at))
    if (text[at] !== ',') return undefined
    at = skipSpace(text, at + 1)
  }
  return text[at] === ']' ? undefined : at
}

function memberOf(text: string, from: number, name: string): number | undefined {
  if (text[from] !== '{') return undefined
  let at = skipSpace(text, from + 1)
  while (text[at] === '"') {
    const end = endOf(text, at)
    const value = skipSpace(text, skipSpace(text, end) + 1)
    if (JSON.parse(text.slice(at, end)) === name) return value
    at = skipSpace(text, endOf(text, value))
    if (text[at] !== ',') return undefined
    at = skipSpace(text, at + 1)
  }
  return undefined
}

/** Just behind the value that begins here. The text is known to be JSON. */
function endOf(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const character = text[at]
    if (character === '"') at = endOfString(text, at) - 1
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      if (depth === 0) return at
      depth--
    } else if (depth > 0) continue
    else if (character === ',' || /\s/.test(character ?? '')) return at
    else continue
    if (depth === 0) return at + 1
  }
  return text.length
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && /\s/.test(text[at] ?? '')) at++
  return at
}
