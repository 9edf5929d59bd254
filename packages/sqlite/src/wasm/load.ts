import { UniverseError } from '@inner-universe/core'
import { startSqlite } from './instance.ts'
import type { Sqlite } from './sqlite-module.ts'

/** Where SQLite's wasm comes from; without one it is fetched from where the bundler put it. */
export interface SqliteSource {
  readonly wasm?: URL | Response | BufferSource | WebAssembly.Module
}

/**
 * Instantiates SQLite, compiling the wasm while it arrives.
 *
 * Call it before anything else waits: fetch and compilation (25 to 45 ms) then overlap with
 * election and file handles. Works in windows, workers and, given the bytes, in Node.
 *
 * @throws UniverseError `client/unsupported` without WebAssembly, `client/worker-failed` when the
 * wasm cannot be fetched or compiled.
 */
export async function loadSqlite(source: SqliteSource = {}): Promise<Sqlite> {
  if (typeof WebAssembly !== 'object') {
    throw new UniverseError('client/unsupported', 'there is no WebAssembly; use another browser')
  }
  // Bundlers look for this very expression: written otherwise they would not ship the file.
  const wasm = source.wasm ?? new URL('wa-sqlite/dist/wa-sqlite.wasm', import.meta.url)
  try {
    return await startSqlite((imports) => instantiate(wasm, imports))
  } catch (error) {
    throw new UniverseError(
      'client/worker-failed',
      'the SQLite wasm could not be fetched or compiled; check that it is served beside the worker',
      { cause: error },
    )
  }
}

async function instantiate(
  wasm: NonNullable<SqliteSource['wasm']>,
  imports: WebAssembly.Imports,
): Promise<WebAssembly.Instance> {
  if (wasm instanceof WebAssembly.Module) return WebAssembly.instantiate(wasm, imports)
  if (wasm instanceof URL || wasm instanceof Response) {
    const response = wasm instanceof URL ? await fetch(wasm) : wasm
    if (!response.ok) throw new Error(`${response.url} answered ${response.status}`)
    // Streaming insists on the media type; a server that does not know wasm only costs time.
    const { instance } = response.headers.get('content-type')?.startsWith('application/wasm')
      ? await WebAssembly.instantiateStreaming(response, imports)
      : await WebAssembly.instantiate(await response.arrayBuffer(), imports)
    return instance
  }
  return (await WebAssembly.instantiate(wasm, imports)).instance
}
