/**
 * Question: how much JavaScript does an app take on?
 *
 * Workload: an entry that only imports `openUniverse`, and a worker that only serves a module,
 * built for production; gzip at level 9. Told apart: what is loaded only where a universe syncs, and
 * SQLite's wasm, which is streamed and cached.
 */
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
    const gzipBytes = { page: 0, worker: 0, sync: 0, wasm: 0 }
    for (const file of built.output) {
      const content = file.type === 'chunk' ? file.code : file.source
      const bytes = gzipSync(content, { level: 9 }).length
      if (file.fileName.endsWith('.wasm')) gzipBytes.wasm += bytes
      else if (/worker-sync/.test(file.fileName)) gzipBytes.sync += bytes
      else if (/worker/.test(file.fileName)) gzipBytes.worker += bytes
      else if (file.fileName.endsWith('.js')) gzipBytes.page += bytes
    }
    return [
      {
        name: 'page',
        unit: 'kB',
        p50: gzipBytes.page / 1000,
        budget: { on: 'p50', atMost: 15 },
      },
      {
        name: 'worker, without wasm',
        unit: 'kB',
        p50: gzipBytes.worker / 1000,
        budget: { on: 'p50', atMost: 60 },
      },
      { name: 'sync, loaded by workers that sync', unit: 'kB', p50: gzipBytes.sync / 1000 },
      { name: 'SQLite wasm', unit: 'kB', p50: gzipBytes.wasm / 1000 },
    ]
  },
}
