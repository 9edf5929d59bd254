import { expect, test } from 'vitest'
import { tokenExpiryMs } from './token-expiry.ts'

const jwt = (claims: string): string => `e30.${Buffer.from(claims).toString('base64url')}.sig`

test('the expiry of a JWT is read without its signature', () => {
  expect(tokenExpiryMs(jwt('{"sub":"ÿ>?","exp":1700000000}'))).toBe(1_700_000_000_000)
})

test('a token that names no expiry has none', () => {
  for (const token of ['', 'secret', 'a.b', 'a.%.c', jwt('{}'), jwt('null'), jwt('{"exp":"1"}')]) {
    expect(tokenExpiryMs(token)).toBeUndefined()
  }
})
