// The letters are read out of the glue that comes with the wasm. A failure here means that the
// package was changed: write what is expected into wa-sqlite-names.ts, then run the contracts.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import {
  EXPORT_NAMES,
  IMPORT_MODULE,
  IMPORT_NAMES,
  START_NAMES,
  VFS_METHODS,
} from './wa-sqlite-names.ts'

const { resolve } = createRequire(import.meta.url)
const glue = readFileSync(resolve('wa-sqlite/dist/wa-sqlite.mjs'), 'utf8')
const wasm = new WebAssembly.Module(readFileSync(resolve('wa-sqlite/dist/wa-sqlite.wasm')))

test('exports have the letters the glue knows them by', () => {
  const letters: Record<string, string> = {}
  // In the glue a C name has an underscore before it.
  const assignment = /var _([$\w]+)=(?:Module\["[$\w]+"\]=)?wasmExports\["([$\w]+)"\]/g
  for (const [, name, export_] of glue.matchAll(assignment)) letters[name ?? ''] = export_ ?? ''
  const { memory, ...functions } = { ...START_NAMES, ...EXPORT_NAMES }
  const expected = Object.keys(functions).map((name) => [name, letters[name]])
  expect(Object.entries(functions)).toEqual(expected)
  expect(memory).toBe(/wasmMemory=wasmExports\["([$\w]+)"\]/.exec(glue)?.[1])
  const exported = new Set(WebAssembly.Module.exports(wasm).map(({ name }) => name))
  expect([...Object.values(functions), memory].filter((name) => !exported.has(name))).toEqual([])
})

test('imports have the letters the glue gives them', () => {
  const [, list] = /wasmImports=\{([^}]*)\}/.exec(glue) ?? []
  const letters: Record<string, string> = {}
  for (const entry of (list ?? '').split(',')) {
    const [letter = '', name = ''] = entry.split(':')
    letters[name.slice(1)] = letter
  }
  const expected = Object.keys(IMPORT_NAMES).map((name) => [name, letters[name]])
  expect(Object.entries(IMPORT_NAMES)).toEqual(expected)
  const imported = WebAssembly.Module.imports(wasm)
  expect(imported.map(({ name }) => name).sort()).toEqual(Object.values(letters).sort())
  expect(new Set(imported.map(({ module }) => module))).toEqual(new Set([IMPORT_MODULE]))
})

test('methods of a file system have the order of their bits', () => {
  const [, list] = /VFS_METHODS=\[([^\]]*)\]/.exec(glue) ?? []
  expect(VFS_METHODS.map((name) => `"${name}"`).join(',')).toBe(list)
})
