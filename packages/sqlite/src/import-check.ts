import { UniverseError } from '@inner-universe/core'
import type { Driver } from './driver.ts'
import { assertHeader, HEADER_BYTES } from './maintenance.ts'

/** What every import takes, wherever the database goes. */
export interface ImportOptions {
  /** The bytes of a SQLite file, in pieces of any size. */
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** Looks at the new database before it takes over; what it throws ends the import. */
  readonly validate?: (driver: Driver) => void
  /** Told after each piece how many bytes were written so far. */
  readonly onProgress?: (bytesWritten: number) => void
  readonly signal?: AbortSignal
}

/**
 * Hands the pieces of a database file to `write`, having looked at its header before the first.
 *
 * @throws UniverseError `storage/not-a-database` before anything large is written, `call/aborted`.
 */
export async function writeChunks(
  { chunks, onProgress, signal }: ImportOptions,
  write: (chunk: Uint8Array, at: number) => void,
): Promise<void> {
  let head = new Uint8Array(0)
  let bytesWritten = 0
  for await (const chunk of chunks) {
    if (signal?.aborted) {
      throw new UniverseError('call/aborted', 'the import was called off; nothing was changed', {
        cause: signal.reason,
      })
    }
    if (head.length < HEADER_BYTES) {
      head = concatenate(head, chunk.subarray(0, HEADER_BYTES))
      if (head.length >= HEADER_BYTES) assertHeader(head)
    }
    write(chunk, bytesWritten)
    bytesWritten += chunk.length
    onProgress?.(bytesWritten)
  }
  assertHeader(head)
}

/**
 * Checks an opened database that is to be imported, folds its log and closes it.
 *
 * @throws UniverseError `storage/corrupt` with the faults, or whatever `validate` throws.
 */
export function checkAndClose(driver: Driver, validate: ImportOptions['validate']): void {
  try {
    const faults = driver.integrityCheck()
    if (faults.length !== 1 || faults[0] !== 'ok') {
      throw new UniverseError(
        'storage/corrupt',
        'the file to be imported is damaged; nothing was changed, give another copy',
        { details: { faults } },
      )
    }
    validate?.(driver)
    driver.checkpoint()
  } finally {
    driver.close()
  }
}

function concatenate(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(left.length + right.length)
  both.set(left)
  both.set(right, left.length)
  return both
}
