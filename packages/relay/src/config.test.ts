import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig, parseConfig } from './config.ts'
import { readSecret } from './secret.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

const faultOf = (input: unknown): string => {
  try {
    parseConfig(input, '/')
  } catch (error) {
    expect(error).toMatchObject({ code: 'relay/config-invalid' })
    return (error as Error).message
  }
  throw new Error('it was taken')
}

test('an empty configuration is a relay on this machine only', () => {
  const config = parseConfig({}, '/srv')
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 8787,
    storage: 'sqlite',
    dataDir: '/srv/inner-universe-data',
    devTokens: false,
    modules: [],
  })
  expect(config.retention.imagesKept).toBe(2)
  expect(config.limits.windowBatches).toBe(32)
})

test('a part of a group keeps the defaults of the rest', () => {
  const { limits } = parseConfig({ limits: { windowBatches: 4 } }, '/')
  expect(limits).toMatchObject({ windowBatches: 4, awareBytesMax: 4096 })
})

test('every fault names its field and what to do', () => {
  expect(faultOf({ port: '80' })).toContain('"port" is wrong: give a port from 0 to 65535')
  expect(faultOf({ port: 65_536 })).toContain('"port" is wrong: give a port from 0 to 65535')
  expect(faultOf({ host: '' })).toContain('"host" is wrong: give an address')
  expect(faultOf({ prot: 80 })).toContain('"prot" is not a field; remove it')
  expect(faultOf({ limits: { window: 3 } })).toContain('"limits.window" is not a field')
  expect(faultOf({ retention: { floorLagMs: -1 } })).toContain('"retention.floorLagMs" is wrong')
  expect(faultOf({ retention: { imagesKept: 1.5 } })).toContain('"retention.imagesKept" is wrong')
  expect(faultOf({ modules: ['a.ts', 3] })).toContain('"modules.1" is wrong: give the path')
  expect(faultOf({ secret: 'short' })).toContain('at least 32 characters')
  expect(faultOf({ logLevel: 'loud' })).toContain('"logLevel" is wrong: give fatal')
  expect(faultOf({ storage: 'postgres' })).toContain('"storage" is wrong: give "sqlite"')
  expect(faultOf({ yjs: { updateBytesMax: 2 ** 25 } })).toContain('"yjs.updateBytesMax" is wrong')
  expect(faultOf({ yjs: { enabled: 'no' } })).toContain(
    '"yjs.enabled" is wrong: give true or false',
  )
  expect(faultOf([])).toContain('write { … }')
  expect(faultOf('port')).toContain('write { … }')
})

test('fields that contradict each other are refused', () => {
  const secret = 's'.repeat(32)
  expect(faultOf({ secret, secretFile: 'x' })).toContain('keep one of them')
  expect(faultOf({ devTokens: true, host: '0.0.0.0' })).toContain('listen on 127.0.0.1')
  expect(faultOf({ limits: { frameBytesMax: 2048 } })).toContain('lower it')
  parseConfig({ devTokens: true, host: '127.0.0.1' }, '/')
})

test('flags come before the environment, which comes before the file', () => {
  mkdirSync(join(folder, 'etc'))
  writeFileSync(
    join(folder, 'etc/relay.json'),
    JSON.stringify({
      port: 1,
      host: '127.0.0.2',
      dataDir: 'data',
      modules: ['a.ts'],
      logLevel: 'warn',
    }),
  )
  const config = loadConfig({
    file: 'etc/relay.json',
    env: { INNER_UNIVERSE_PORT: '2', INNER_UNIVERSE_HOST: '127.0.0.3' },
    flags: { port: 3, modules: ['b.ts'] },
    folder,
  })
  expect(config).toMatchObject({ port: 3, host: '127.0.0.3', logLevel: 'warn' })
  expect(config.dataDir).toBe(join(folder, 'etc/data'))
  expect(config.modules).toEqual([join(folder, 'b.ts')])
})

test('a secret of the environment replaces the one of the file', () => {
  writeFileSync(join(folder, 'relay.json'), JSON.stringify({ secretFile: 'key' }))
  const secret = 'e'.repeat(32)
  const config = loadConfig({ file: 'relay.json', env: { INNER_UNIVERSE_SECRET: secret }, folder })
  expect(config.secret).toBe(secret)
  expect(config.secretFile).toBeUndefined()
})

test('a faulty variable or file is told of', () => {
  const load = (env: Record<string, string>, file?: string) => () =>
    loadConfig({ file, env, folder })
  expect(load({ INNER_UNIVERSE_PORT: 'eighty' })).toThrow('"port" is wrong')
  expect(load({ INNER_UNIVERSE_DEV_TOKENS: 'yes' })).toThrow('"devTokens" is wrong')
  expect(load({}, 'none.json')).toThrow('there is no file')
  writeFileSync(join(folder, 'broken.json'), '{ port: 1 }')
  expect(load({}, 'broken.json')).toThrow('is not JSON')
  writeFileSync(join(folder, 'number.json'), '7')
  expect(load({}, 'number.json')).toThrow('does not hold an object')
})

test('where no secret is given one is made once, for its owner only', () => {
  const config = parseConfig({ dataDir: 'data' }, folder)
  const made = readSecret(config, (count) => new Uint8Array(count).fill(7))
  expect(made).toBe('07'.repeat(32))
  expect(readSecret(config, (count) => new Uint8Array(count).fill(8))).toBe(made)
  const path = join(folder, 'data/secret')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readFileSync(path, 'utf8').trim()).toBe(made)
})

test('a secret file that is missing or too short is refused', () => {
  const config = parseConfig({ secretFile: 'key' }, folder)
  const read = () => readSecret(config, (count) => new Uint8Array(count))
  expect(read).toThrow('not there')
  writeFileSync(join(folder, 'key'), 'short\n')
  expect(read).toThrow('shorter than 32 characters')
})
