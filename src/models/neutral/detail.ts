import type { ImageContent } from './content.ts'
import type { Losses } from './loss.ts'

/** Says that a picture is looked at whole where a caller asked for less of it. Most wires know no other way. */
export function dropDetail({ detail }: Pick<ImageContent, 'detail'>, losses: Losses): void {
  if (detail === 'low') losses.drop('image.detail', 'this wire has no such field')
}
