/** PostgreSQL's texts hold neither U+0000 nor half a pair of surrogates; a caller may send both. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd').toWellFormed()
}
