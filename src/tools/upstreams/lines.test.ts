import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { LineSplitter } from './lines.ts'

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

test('the lines are the same, however the bytes come, and however the memory of a piece is used again', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-zé{}"]{0,12}$/)), fc.array(fc.nat(5)), (lines, sizes) => {
      const splitter = new LineSplitter(1000, () => {})
      const all = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''))
      const seen: string[] = []
      for (let at = 0, index = 0; at < all.length; index++) {
        const piece = all.slice(at, at + 1 + (sizes[index % Math.max(1, sizes.length)] ?? 0))
        at += piece.length
        seen.push(...splitter.push(piece).map(text))
        piece.fill(0)
      }
      expect(seen).toEqual(lines.filter((line) => line !== ''))
    }),
  )
})

test('a line that is too long is left out, its two ends are told, and the next one is there', () => {
  const told: string[] = []
  const splitter = new LineSplitter(1000, (ends) => told.push(text(ends)))
  const long = `{head${'x'.repeat(3000)}tail}`
  const pieces = [`short\n${long.slice(0, 600)}`, long.slice(600, 1500), `${long.slice(1500, 3000)}`, `${long.slice(3000)}\nafter\n`]
  const whole = [`{all${'y'.repeat(2000)}of it}\nlast\n`]
  const pushed = [...pieces, ...whole].flatMap((piece) => splitter.push(new TextEncoder().encode(piece)).map(text))
  expect(pushed).toEqual(['short', 'after', 'last'])
  expect(told).toEqual([`{head${'x'.repeat(251)}${'x'.repeat(251)}tail}`, `{all${'y'.repeat(252)}${'y'.repeat(250)}of it}`])
})
