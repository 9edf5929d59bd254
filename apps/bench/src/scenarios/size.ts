/**
 * Question: how much JavaScript does an app take on?
 *
 * Workload: an entry that only imports `openUniverse`, and a worker that only serves a module,
 * built for production; gzip at level 9. Told apart: what is loaded only where a universe syncs, when
 * the first query is live, or where views are declared, each with all it takes that the worker has not
 * got already, and SQLite's wasm, which is streamed and cached.
 */
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'
import type { Figure } from '../figure.ts'
import type { Scenario } from '../scenario.ts'

const root = fileURLToPath(new URL('../../size', import.meta.url))
const configFile = fileURLToPath(new URL('../../../../vite.config.ts', import.meta.url))

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
      {
        name: 'live queries, loaded when the first is wanted',
        unit: 'kB',
        p50: kilobytes('worker-live', worker),
      },
      {
        name: 'declared views, loaded for modules that have some',
        unit: 'kB',
        p50: kilobytes('declared-views', worker),
      },
      {
        name: 'sync, loaded by workers that sync',
        unit: 'kB',
        p50: kilobytes('worker-sync', worker),
      },
      { name: 'SQLite wasm', unit: 'kB', p50: wasmBytes / 1000 },
    ]
  },
}

/** Names of a script, known by how its name begins, and of all that it imports before it runs. */
function loadedWith(scripts: ReadonlyMap<string, string>, name: string): ReadonlySet<string> {
  const loaded = new Set<string>()
  const add = (script: string | undefined): void => {
    if (script === undefined || loaded.has(script)) return
    loaded.add(script)
    const imports = scripts.get(script)?.matchAll(/(?:from|import)\s*["'`]\.\/([\w.-]+\.js)["'`]/g)
    for (const [, imported] of imports ?? []) add(imported)
  }
  add([...scripts.keys()].find((script) => script.startsWith(`${name}-`)))
  return loaded
}

function gzipBytes(content: string | Uint8Array): number {
  return gzipSync(content, { level: 9 }).length
}
