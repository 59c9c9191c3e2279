/** A row of a table, with the line on which it begins. */
export interface TableRow {
  readonly line: number
  readonly cells: readonly string[]
}

/** Reads comma-separated values; a cell in double quotes may hold commas, line ends and doubled quotes. Empty lines are left out. RFC 4180. */
export function readTable(text: string): readonly TableRow[] {
  const rows: TableRow[] = []
  let [line, begin, cell, isQuoted] = [1, 1, '', false]
  let cells: string[] = []
  const endRow = () => {
    if (cells.length > 0 || cell !== '') rows.push({ line: begin, cells: [...cells, cell] })
    cells = []
    cell = ''
  }
  for (let at = text.startsWith('\uFEFF') ? 1 : 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (character === '\n') line++
    if (isQuoted) {
      if (character !== '"') cell += character
      else if (text[at + 1] === '"') cell += text[++at]
      else isQuoted = false
    } else if (character === '"' && cell === '') isQuoted = true
    else if (character === ',') {
      cells.push(cell)
      cell = ''
    } else if (character === '\n') {
      endRow()
      begin = line
    } else if (character !== '\r') cell += character
  }
  endRow()
  return rows
}
