/**
 * Question: how much JavaScript does an app take on?
 *
 * Workload: an entry that only imports `openUniverse`, and a worker that only serves a module,
 * built for production; gzip at level 9. Told apart: what page and worker load only when it is needed, each
 * part with all it takes that they have not got already, and SQLite's wasm, which is streamed and cached.
 */
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'
import type { Figure } from '../figure.ts'
import type { Scenario } from '../scenario.ts'

const root = fileURLToPath(new URL('../../size', import.meta.url))
const configFile = fileURLToPath(new URL('../../../../vite.config.ts', import.meta.url))

/** What is loaded late: what it is, how its script is called, who loads it. */
const PARTS: readonly (readonly [name: string, script: string, home: 'page' | 'worker'])[] = [
  ['live queries, in idle time or when the first is wanted', 'live', 'worker'],
  ['declared views, for modules that have some', 'views', 'worker'],
  ['versions, for modules that keep some', 'history', 'worker'],
  ['documents, for modules that have some', 'documents', 'worker'],
  ['undo, with the first recorded call', 'undo', 'worker'],
  ['making a file or bringing it up to date', 'preparation', 'worker'],
  ['commands, with the first: export, import, checks', 'commands', 'worker'],
  ['sync, where a universe is opened with it', 'sync', 'worker'],
  ['live queries, with the first subscription', 'live-feeds', 'page'],
  ['sync, where a universe is opened with it', 'sync-voice', 'page'],
  ['documents, Yjs included, with the first', 'universe-document', 'page'],
  ['versions, with the first use', 'universe-versions', 'page'],
]

/** See the file's head. */
export const sizeScenario: Scenario = {
  name: 'size',
  question: 'JavaScript, gzip: page at most 15 kB, worker at most 60 kB without the wasm',
  async run(): Promise<Figure[]> {
    const built = (await build({
      root,
      configFile,
      logLevel: 'warn',
      build: { write: false },
    })) as Rolldown.RolldownOutput
    const scripts = new Map<string, string>()
    let wasmBytes = 0
    for (const file of built.output) {
      const content = file.type === 'chunk' ? file.code : file.source
      if (file.fileName.endsWith('.js')) scripts.set(basename(file.fileName), String(content))
      else if (file.fileName.endsWith('.wasm')) wasmBytes += gzipBytes(content)
    }
    const page = loadedWith(scripts, 'index')
    const worker = loadedWith(scripts, 'page.worker')
    const kilobytes = (name: string, isThere: ReadonlySet<string> = new Set()): number => {
      let bytes = 0
      for (const script of loadedWith(scripts, name)) {
        if (!isThere.has(script)) bytes += gzipBytes(scripts.get(script) ?? '')
      }
      return bytes / 1000
    }
    return [
      {
        name: 'page',
        unit: 'kB',
        p50: kilobytes('index'),
        budget: { on: 'p50', atMost: 15 },
      },
      {
        name: 'worker, without wasm',
        unit: 'kB',
        p50: kilobytes('page.worker'),
        budget: { on: 'p50', atMost: 60 },
      },
      ...PARTS.map(([name, script, home]) => ({
        name: `${home}: ${name}`,
        unit: 'kB' as const,
        p50: kilobytes(script, home === 'worker' ? worker : page),
      })),
      { name: 'SQLite wasm', unit: 'kB', p50: wasmBytes / 1000 },
    ]
  },
}

/** Names of a script, known by how its name begins, and of all that it imports before it runs. */
function loadedWith(scripts: ReadonlyMap<string, string>, name: string): ReadonlySet<string> {
  const loaded = new Set<string>()
  const add = (script: string): void => {
    if (loaded.has(script)) return
    loaded.add(script)
    const imports = scripts.get(script)?.matchAll(/(?:from|import)\s*["'`]\.\/([\w.-]+\.js)["'`]/g)
    for (const [, imported = ''] of imports ?? []) add(imported)
  }
  const isNamed = new RegExp(`^${name}-[\\w-]{8}\\.js$`)
  const entry = [...scripts.keys()].find((script) => isNamed.test(script))
  if (entry === undefined) throw new Error(`there is no script ${name} among those that were built`)
  add(entry)
  return loaded
}

function gzipBytes(content: string | Uint8Array): number {
  return gzipSync(content, { level: 9 }).length
}
