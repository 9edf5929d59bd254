/** Export and import of the database file, in pieces, over the commands of a session. */
import { UniverseError } from '@inner-universe/core'
import { FILE_CHUNK_BYTES } from '../rpc/piece-limits.ts'
import { callAborted } from './call-errors.ts'
import type { Session } from './session.ts'
import type { ProgressOptions } from './universe.ts'

/** The database file, as what a stream reads. Nothing happens before it is read from. */
export function exportSource(
  session: Session,
  { signal, onProgress }: ProgressOptions = {},
): {
  pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void>
  cancel(): Promise<void>
} {
  let transferId: number | undefined
  let totalBytes = 0
  let doneBytes = 0
  const drop = async (): Promise<void> => {
    const id = transferId
    transferId = undefined
    if (id !== undefined) await session.command((commands) => commands.dropTransfer(id))
  }
  return {
    async pull(controller) {
      if (signal?.aborted) {
        await drop()
        throw callAborted(signal)
      }
      if (transferId === undefined) {
        const opened = await session.command((commands) => commands.openExport())
        transferId = opened.transferId
        totalBytes = opened.totalBytes
      }
      const id = transferId
      const bytes = await session.command((commands) => commands.readExport(id))
      if (bytes === undefined) {
        transferId = undefined
        controller.close()
        return
      }
      doneBytes += bytes.byteLength
      onProgress?.({ doneBytes, totalBytes })
      controller.enqueue(bytes)
    },
    cancel: drop,
  }
}

/** Sends a file to the worker, which checks it and puts it in the place of the universe. */
export async function importFile(
  session: Session,
  file: Blob | ReadableStream<Uint8Array>,
  { signal, onProgress }: ProgressOptions = {},
): Promise<void> {
  // Not by class: the file may come from another frame.
  const totalBytes = 'size' in file ? file.size : undefined
  const reader = ('stream' in file ? file.stream() : file).getReader()
  const transferId = await session.command((commands) => commands.openImport())
  try {
    let doneBytes = 0
    for (;;) {
      if (signal?.aborted) throw callAborted(signal)
      const { done, value } = await reader.read()
      if (done) break
      if (!ArrayBuffer.isView(value)) {
        throw new UniverseError('storage/not-a-database', 'the stream to import gives no bytes')
      }
      for (let start = 0; start < value.byteLength; start += FILE_CHUNK_BYTES) {
        const bytes = value.subarray(start, start + FILE_CHUNK_BYTES)
        await session.command((commands) => commands.writeImport(transferId, bytes))
        doneBytes += bytes.byteLength
        onProgress?.({ doneBytes, totalBytes })
      }
    }
    if (signal?.aborted) throw callAborted(signal)
    await session.command((commands) => commands.finishImport(transferId))
  } catch (error) {
    // Best effort on both sides: what matters is the error that led here.
    await Promise.allSettled([
      reader.cancel(error),
      session.command((commands) => commands.dropTransfer(transferId)),
    ])
    throw error
  }
}
