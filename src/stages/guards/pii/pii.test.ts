import { describe, expect, test } from 'bun:test'
import { findIn, ReadableText } from '../find.ts'
import { PII_KINDS, piiDetector, piiDetectors } from './index.ts'

const detector = piiDetector(PII_KINDS)

/** What is found, as `KIND text`. */
function found(text: string): readonly string[] {
  return findIn(new ReadableText(text), detector, 0).map(({ from, to, kind }) => `${kind} ${text.slice(from, to)}`)
}

/** Each: a text, and what is found in it. Numbers are of published examples and of test ranges. */
const TABLE: readonly (readonly [string, readonly string[]])[] = [
  ['Write to ada@example.com.', ['EMAIL ada@example.com']],
  ['<ada.l+x@mail.example.co.uk>, "bob@example.org"', ['EMAIL ada.l+x@mail.example.co.uk', 'EMAIL bob@example.org']],
  ['mailto=ada@example.com', ['EMAIL ada@example.com']],
  ['我的邮箱是test@example.com谢谢', ['EMAIL test@example.com']],
  ['почта@пример.рф', ['EMAIL почта@пример.рф']],
  ['1985bob@example.com', ['EMAIL 1985bob@example.com']],
  ['root@localhost and @handle and a@b', []],
  ['?mail=ada%40example.com&x=1', ['EMAIL ada%40example.com']],
  [
    'ada&#64;example.com, bob&#x40;example.org; eve&commat;example.net',
    ['EMAIL ada&#64;example.com', 'EMAIL bob&#x40;example.org', 'EMAIL eve&commat;example.net'],
  ],
  ['registry.example/%40types%2fnode, /%40ada.name, R&D, 100%', []],
  ['Call +49 30 901820 or +1 (555) 234-5678.', ['PHONE +49 30 901820', 'PHONE +1 (555) 234-5678']],
  ['(212) 555-0142', ['PHONE (212) 555-0142']],
  ['212-555-0142', ['PHONE 212-555-0142']],
  ['06 12 34 56 78', ['PHONE 06 12 34 56 78']],
  ['020 7946 0958', ['PHONE 020 7946 0958']],
  ['090-1234-5678', ['PHONE 090-1234-5678']],
  ['电话13812345678', ['PHONE 13812345678']],
  ['8 (495) 123-45-67', ['PHONE 8 (495) 123-45-67']],
  ['(11) 91234-5678', ['PHONE (11) 91234-5678']],
  ['Телефон: 495 123 45 67', ['PHONE 495 123 45 67']],
  ['4111 1111 1111 1111', ['CARD 4111 1111 1111 1111']],
  ['5555-5555-5555-4444', ['CARD 5555-5555-5555-4444']],
  ['4111  1111  1111  1111', ['CARD 4111  1111  1111  1111']],
  ['5555 - 5555 - 5555 - 4444', ['CARD 5555 - 5555 - 5555 - 4444']],
  ['378282246310005', ['CARD 378282246310005']],
  ['4111 1111 1111 1112', []],
  ['DE89 3704 0044 0532 0130 00', ['IBAN DE89 3704 0044 0532 0130 00']],
  ['GB82WEST12345698765432', ['IBAN GB82WEST12345698765432']],
  ['GB82 WEST 1234 5698 7654 32', ['IBAN GB82 WEST 1234 5698 7654 32']],
  ['GB83WEST12345698765432', []],
  ['host 203.0.113.7:8080', ['IP 203.0.113.7']],
  ['127.0.0.1 and 0.0.0.0 and v1.2.3.4 and 1.2.3.4.5', []],
  ['icon@2x.png, git@github.com:a/b.git, 10.0.0.0/8, Firmware 2.4.10.3', []],
  ['2001:db8::ff00:42:8329', ['IP 2001:db8::ff00:42:8329']],
  ['std::vector and a::b and 12:30:45', []],
  ['SSN 536-90-4399', ['NATIONAL_ID 536-90-4399']],
  ['NHS number 943 476 5919', ['NATIONAL_ID 943 476 5919']],
  ['NI: AB 12 34 56 C', ['NATIONAL_ID AB 12 34 56 C']],
  ['Steuer-ID 86 095 742 719', ['NATIONAL_ID 86 095 742 719']],
  ['NIR 1 84 12 76 451 089 46', ['NATIONAL_ID 1 84 12 76 451 089 46']],
  ['DNI 12345678Z', ['NATIONAL_ID 12345678Z']],
  ['NIE X-1234567-L', ['NATIONAL_ID X-1234567-L']],
  ['CF RSSMRA85T10A562S', ['NATIONAL_ID RSSMRA85T10A562S']],
  ['BSN 111222333', ['NATIONAL_ID 111222333']],
  ['order 111222333', []],
  ['PESEL 44051401359', ['NATIONAL_ID 44051401359']],
  ['811228-9874', ['NATIONAL_ID 811228-9874']],
  ['131052-308T', ['NATIONAL_ID 131052-308T']],
  ['CPF 529.982.247-25', ['NATIONAL_ID 529.982.247-25']],
  ['11010519491231002X', ['NATIONAL_ID 11010519491231002X']],
  ['aadhaar 2341 2341 2346', ['NATIONAL_ID 2341 2341 2346']],
  ['SIN 130 692 544', ['NATIONAL_ID 130 692 544']],
  ['756.9217.0769.85', ['NATIONAL_ID 756.9217.0769.85']],
  ['TFN 123 456 782', ['NATIONAL_ID 123 456 782']],
  ['85.07.30-033.28', ['NATIONAL_ID 85.07.30-033.28']],
  ['Born 12 March 1985 in Ulm', ['BIRTH_DATE 12 March 1985']],
  ['born on the 12th of March 1985', ['BIRTH_DATE 12th of March 1985']],
  ['DOB: 1985-03-12', ['BIRTH_DATE 1985-03-12']],
  ['geboren am 12.03.1985', ['BIRTH_DATE 12.03.1985']],
  ['née le 3 juin 1970', ['BIRTH_DATE 3 juin 1970']],
  ['born on March 12, 1985', ['BIRTH_DATE March 12, 1985']],
  ['дата рождения 12 марта 1985', ['BIRTH_DATE 12 марта 1985']],
  ['生年月日は1985年3月12日', ['BIRTH_DATE 1985年3月12日']],
  ['The meeting of 12 March 1985', []],
  ['In 2024 sales rose by 12.5 % to 1,234,567.89 and 3.14159265358979', []],
  ['commit 3f2504e04f8941d39a0c0305e82c3301, id 550e8400-e29b-41d4-a716-446655440000', []],
  ['2026-11-21T07:54:36Z, 1795000000, 1795000000000', []],
  ['ISBN 978-3-16-148410-0 and RFC 2119, section 4.5.3.1', []],
]

describe('personal details', () => {
  test.each(TABLE)('%s', (text, expected) => {
    expect(found(text)).toEqual([...expected])
  })

  test.each([
    ['full-width digits', '４１１１ １１１１ １１１１ １１１１', 'CARD'],
    ['Arabic digits', '٤١١١ ١١١١ ١١١١ ١١١١', 'CARD'],
    ['characters that show nothing', 'ada\u200b@exa\u00admple.com', 'EMAIL'],
    ['letters that look alike', 'аdа@еxаmplе.соm', 'EMAIL'],
    ['odd dashes and spaces', '212‑555‑0142', 'PHONE'],
    ['mathematical letters', '𝐚𝐝𝐚@example.com', 'EMAIL'],
  ])('are found in %s, as they were written', (_what, text, kind) => {
    expect(found(`x ${text} y`)).toEqual([`${kind} ${text}`])
  })
})

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('in base64', () => {
  const foundIn = (text: string) =>
    piiDetectors(PII_KINDS).flatMap((each) =>
      findIn(new ReadableText(text), each, 0).map(({ from, to, kind }) => `${kind} ${text.slice(from, to)}`),
    )

  test.each([
    ['an address alone', base64('ada@example.com'), 'EMAIL'],
    ['a sentence', base64('Please write to ada@example.com today.'), 'EMAIL'],
    ['a card', base64('pay with 4111 1111 1111 1111'), 'CARD'],
    ['an IBAN', base64('GB82 WEST 1234 5698 7654 32'), 'IBAN'],
    ['base64url', Buffer.from('{"email":"ada@example.com","of":"???>>>"}').toString('base64url'), 'EMAIL'],
    ['a text that begins beyond ASCII', base64('Ümit: ada@example.com'), 'EMAIL'],
  ])('%s is found', (_what, token, kind) => {
    expect(foundIn(`see ${token}, or q=${token}`)).toEqual([`${kind} ${token}`, `${kind} ${token}`])
  })

  test.each([
    ['the mark of a page of results', base64('{"after":13812345678,"on":"1985-03-12"}')],
    ['a sentence', base64('The quick brown fox jumps over the lazy dog')],
    ['bytes', Buffer.from(Array.from({ length: 200 }, (_, at) => (at * 37) % 256)).toString('base64')],
    ['a long name', 'requestInterceptorConfigurationFromEnvironment'],
  ])('%s is let be', (_what, token) => {
    expect(foundIn(`see ${token}`)).toEqual([])
  })

  test('only what is asked for is found', () => {
    const [, encoded] = piiDetectors(['card'])
    expect(encoded?.find(base64('ada@example.com and more'), 0)).toEqual([])
    expect(piiDetectors(['phone'])).toHaveLength(1)
  })
})
