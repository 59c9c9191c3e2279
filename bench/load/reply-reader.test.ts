import { expect, test } from 'bun:test'
import { ReplyReader } from './reply-reader.ts'

const replies = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 429 Too Many\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\na\r\n, two, thr\r\n2\r\nee\r\n0\r\n\r\n',
  'HTTP/1.1 500 Broken\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
]
const expected = ['200 hello', '429 one, two, three', '500 ', '200 ']

function readInPieces(text: string, size: number): string[] {
  const read: string[] = []
  let body = ''
  const reader = new ReplyReader({
    onBody: (piece) => {
      body += piece.toString()
    },
    onEnd: (status) => {
      read.push(`${status} ${body}`)
      body = ''
    },
  })
  for (let at = 0; at < text.length; at += size) reader.push(Buffer.from(text.slice(at, at + size)))
  return read
}

test('replies come out the same however the network splits them', () => {
  const text = replies.join('')
  for (let size = 1; size <= text.length; size++) expect(readInPieces(text, size)).toEqual(expected)
})
