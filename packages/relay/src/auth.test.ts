import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rightsIn } from '@inner-universe/sync/relay-side'
import { SignJWT } from 'jose'
import { afterEach, expect, test } from 'vitest'
import { createTokenVerifier, TOKEN_CHARACTERS_MAX } from './auth.ts'
import { openRevocations } from './revocations.ts'
import { createToken, type NewToken, parseDurationMs } from './tokens.ts'

const NOW_MS = 1_800_000_000_000
const SECRET = 'a secret for tests that is long enough'
const KEY = new TextEncoder().encode(SECRET)
const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const verifier = (revocations = openRevocations(undefined)) =>
  createTokenVerifier({ secret: SECRET, now: () => NOW_MS, revocations })

const token = (changes: Partial<NewToken> = {}): Promise<string> =>
  createToken({
    secret: SECRET,
    identity: 'ada',
    universes: { home: 'write' },
    issuedMs: NOW_MS,
    expiresMs: NOW_MS + 60_000,
    ...changes,
  })

const signed = (claims: Record<string, unknown>): Promise<string> =>
  new SignJWT({ sub: 'ada', exp: NOW_MS / 1000 + 60, universe: 'home', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(KEY)

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const refusal = async (text: string, revocations = openRevocations(undefined)): Promise<string> => {
  const error = await verifier(revocations)
    .verifyToken(text)
    .catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'sync/unauthorized' })
  if (text.length > 20) expect((error as Error).message).not.toContain(text.slice(0, 20))
  return (error as Error).message
}

test('a token says who its bearer is, where it may go and until when', async () => {
  const claims = await verifier().verifyToken(
    await token({
      universes: {
        home: 'write',
        library: 'read',
        ledger: { read: false, write: true, tables: ['entry'] },
      },
      tokenId: 't1',
    }),
  )
  expect(claims).toMatchObject({ identity: 'ada', tokenId: 't1', expiresMs: NOW_MS + 60_000 })
  expect(rightsIn(claims, 'home')).toEqual({ read: true, write: true })
  expect(rightsIn(claims, 'library')).toEqual({ read: true, write: false })
  expect(rightsIn(claims, 'ledger')).toEqual({ read: false, write: true, tables: ['entry'] })
  expect(rightsIn(claims, 'elsewhere')).toBeUndefined()
  expect(rightsIn(claims, 'constructor')).toBeUndefined()
})

test('a token for any universe yields to the entry of one', async () => {
  const claims = await verifier().verifyToken(
    await token({ universes: { '*': 'write', home: 'read' } }),
  )
  expect(rightsIn(claims, 'elsewhere')?.write).toBe(true)
  expect(rightsIn(claims, 'home')?.write).toBe(false)
})

test('a token of one universe may say its access apart', async () => {
  const readOnly = await verifier().verifyToken(await signed({ access: 'read' }))
  expect(rightsIn(readOnly, 'home')).toEqual({ read: true, write: false })
  const full = await verifier().verifyToken(await signed({}))
  expect(rightsIn(full, 'home')).toEqual({ read: true, write: true })
})

test('a token of another secret is refused', async () => {
  const other = await token({ secret: 'another secret for tests, long enough' })
  expect(await refusal(other)).toContain('signature')
})

test('a token whose payload was changed is refused', async () => {
  const [header, , signature] = (await token()).split('.')
  const forged = part({ sub: 'eve', exp: NOW_MS / 1000 + 60, universes: { home: 'write' } })
  expect(await refusal(`${header}.${forged}.${signature}`)).toContain('signature')
})

test('an expired token is refused, beyond a few seconds of difference between clocks', async () => {
  expect(await refusal(await token({ expiresMs: NOW_MS - 6000 }))).toContain('expired')
  await verifier().verifyToken(await token({ expiresMs: NOW_MS - 3000 }))
})

test('a token that does not hold yet is refused', async () => {
  expect(await refusal(await signed({ nbf: NOW_MS / 1000 + 60 }))).toContain('nbf')
})

test('a token without signature is refused whatever it says of its algorithm', async () => {
  const payload = part({ sub: 'eve', exp: NOW_MS / 1000 + 60, universes: { home: 'write' } })
  for (const alg of ['none', 'None', 'HS512', 'RS256']) {
    await refusal(`${part({ alg })}.${payload}.`)
    await refusal(`${part({ alg })}.${payload}.${'A'.repeat(43)}`)
  }
})

test('what is not a token is refused', async () => {
  const texts = ['', '.', '..', 'a.b.c', 'x'.repeat(TOKEN_CHARACTERS_MAX + 1), '\0\0\0', '{}']
  for (const text of texts) await refusal(text)
})

test('a signed token that does not say what it must is refused', async () => {
  await refusal(await signed({ sub: '' }))
  await refusal(await signed({ sub: 7 }))
  await refusal(await signed({ exp: undefined }))
  await refusal(await signed({ universe: undefined }))
  await refusal(await signed({ access: 'admin' }))
  await refusal(await signed({ universes: { home: { write: 'yes' } } }))
  await refusal(await signed({ universes: ['home'] }))
})

test('names that the protocol cannot carry are refused', async () => {
  const long = 'ü'.repeat(129)
  for (const name of [long, 'x'.repeat(257), '\ud800']) {
    await refusal(await signed({ sub: name }))
    await refusal(await signed({ universe: name }))
    await refusal(await signed({ universes: { [name]: 'read' } }))
    await refusal(await signed({ universes: { home: { tables: [name] } } }))
  }
  const longest = 'ü'.repeat(128)
  const claims = await verifier().verifyToken(await signed({ sub: longest, universe: longest }))
  expect(claims.identity).toBe(longest)
})

test('a token or an identity is revoked at once, and stays so on disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relay-'))
  folders.push(folder)
  const path = join(folder, 'revoked.json')
  const revocations = openRevocations(path)
  const first = await token({ tokenId: 't1' })
  const second = await token({ tokenId: 't2' })
  const other = await token({ identity: 'bob' })
  revocations.revoke({ tokens: ['t1'] })
  expect(await refusal(first, revocations)).toContain('revoked')
  await verifier(revocations).verifyToken(second)
  revocations.revoke({ identities: ['ada'] })
  expect(await refusal(second, revocations)).toContain('revoked')
  await verifier(revocations).verifyToken(other)
  expect(await refusal(first, openRevocations(path))).toContain('revoked')
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ tokens: ['t1'], identities: ['ada'] })
})

test('a list that was changed on disk is read again, and a broken one is complained of once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'relay-'))
  folders.push(folder)
  const path = join(folder, 'revoked.json')
  const revocations = openRevocations(path)
  expect(revocations.refresh()).toBe(false)
  writeFileSync(path, '{ "identities": ["eve"] }')
  expect(revocations.refresh()).toBe(true)
  expect(revocations.refresh()).toBe(false)
  expect(revocations.isRevoked({ identity: 'eve', tokenId: undefined })).toBe(true)
  writeFileSync(path, 'not a list')
  expect(() => revocations.refresh()).toThrow('not a list of revocations')
  expect(revocations.refresh()).toBe(false)
  expect(revocations.isRevoked({ identity: 'eve', tokenId: undefined })).toBe(true)
})

test('durations are read by their unit', () => {
  expect(['90s', '15m', '12h', '30d'].map(parseDurationMs)).toEqual([
    90_000, 900_000, 43_200_000, 2_592_000_000,
  ])
  expect(['', '30', 'd', '0d', '-1d', '1w', '1.5h'].map(parseDurationMs)).toEqual(
    Array(7).fill(undefined),
  )
})
