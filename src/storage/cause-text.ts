/** What a thrown thing says of itself: for messages to the operator, never to a caller. */
export function causeText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
