import { UniverseError } from '@inner-universe/core'
import createModule from 'wa-sqlite/dist/wa-sqlite.mjs'
import type { Sqlite } from './sqlite-module.ts'

/** Where SQLite's wasm comes from; without one it is fetched from beside its glue. */
export interface SqliteSource {
  readonly wasm?: URL | Response | BufferSource | WebAssembly.Module
}

/**
 * Instantiates SQLite, compiling the wasm while it arrives.
 *
 * Call it before anything else waits: fetch and compilation (25 to 45 ms) then overlap with
 * election and file handles. Works in windows, workers and Node; the only importer of wa-sqlite.
 *
 * @throws UniverseError `client/unsupported` without WebAssembly, `client/worker-failed` when the
 * wasm cannot be fetched or compiled.
 */
export async function loadSqlite(source: SqliteSource = {}): Promise<Sqlite> {
  if (typeof WebAssembly !== 'object') {
    throw new UniverseError('client/unsupported', 'there is no WebAssembly; use another browser')
  }
  const { wasm } = source
  const complaints: string[] = []
  const printErr = (line: string) => {
    complaints.push(line)
  }
  try {
    return await (wasm === undefined ? createModule({ printErr }) : createFrom(wasm, printErr))
  } catch (error) {
    throw new UniverseError(
      'client/worker-failed',
      'the SQLite wasm could not be fetched or compiled; check that it is served beside the worker',
      { details: { complaints }, cause: error },
    )
  }
}

function createFrom(
  wasm: NonNullable<SqliteSource['wasm']>,
  printErr: (line: string) => void,
): Promise<Sqlite> {
  return new Promise<Sqlite>((resolve, reject) => {
    createModule({
      printErr,
      instantiateWasm(imports, receive) {
        // The glue never learns of a failure here, so the promise around it has to.
        instantiate(wasm, imports)
          .then(({ instance, module }) => receive(instance, module))
          .catch(reject)
      },
    }).then(resolve, reject)
  })
}

async function instantiate(
  wasm: NonNullable<SqliteSource['wasm']>,
  imports: WebAssembly.Imports,
): Promise<WebAssembly.WebAssemblyInstantiatedSource> {
  if (wasm instanceof WebAssembly.Module) {
    return { instance: await WebAssembly.instantiate(wasm, imports), module: wasm }
  }
  if (wasm instanceof URL || wasm instanceof Response) {
    const response = wasm instanceof URL ? await fetch(wasm) : wasm
    if (!response.ok) throw new Error(`${response.url} answered ${response.status}`)
    // Streaming insists on the media type; a server that does not know wasm only costs time.
    if (response.headers.get('content-type')?.startsWith('application/wasm')) {
      return WebAssembly.instantiateStreaming(response, imports)
    }
    return WebAssembly.instantiate(await response.arrayBuffer(), imports)
  }
  return WebAssembly.instantiate(wasm, imports)
}
