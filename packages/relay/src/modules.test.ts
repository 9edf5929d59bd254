import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadModules } from './modules.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-modules-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const empty = (name: string) =>
  `{ name: '${name}', version: 1, minReader: 1, minWriter: 1, tables: {}, reducers: {}, lifecycle: {}, views: {} }`

test('modules and a policy are taken from files under whatever names', async () => {
  const first = write('first.mjs', `export const a = ${empty('a')}\nexport const other = 7`)
  const second = write(
    'second.mjs',
    `export const b = ${empty('b')}\nexport const policy = () => 'no'`,
  )
  const { modules, policy } = await loadModules([first, second])
  expect(modules.map(({ name }) => name)).toEqual(['a', 'b'])
  expect(policy?.({ kind: 'delete', table: 't', id: 'x' }, {} as never)).toBe('no')
  expect(await loadModules([])).toEqual({ modules: [], policy: undefined })
})

test('a file that gives no module, or one too many, is told of', async () => {
  const refusal = async (...paths: string[]): Promise<string> => {
    const error = await loadModules(paths).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'relay/config-invalid' })
    return (error as Error).message
  }
  expect(await refusal(join(folder, 'none.mjs'))).toContain('cannot be imported')
  expect(await refusal(write('broken.mjs', 'export const ='))).toContain('cannot be imported')
  expect(await refusal(write('nothing.mjs', 'export const x = 1'))).toContain('neither')
  const a = write('a.mjs', `export const a = ${empty('a')}`)
  expect(await refusal(a, write('again.mjs', `export const a = ${empty('a')}`))).toContain(
    'second module "a"',
  )
  const policy = 'export const policy = () => true'
  expect(await refusal(write('p.mjs', policy), write('q.mjs', policy))).toContain('second policy')
  expect(await refusal(write('wrong.mjs', `export const m = ${empty('')}`))).toContain('wrong.mjs')
})
