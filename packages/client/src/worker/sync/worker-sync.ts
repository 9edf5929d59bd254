/** The rim of sync in a worker: where its connections, its time and its compression come from. */
import type { SyncRequest } from '../../rpc/commands.ts'
import { chunkHash } from './chunk-hash.ts'
import { HostSync, type HostSyncOptions } from './host-sync.ts'
import { httpImages } from './http-images.ts'
import { streamCompression } from './stream-compression.ts'
import { webSocketConnect } from './web-socket.ts'

/** The sync of a worker's host. */
export function createWorkerSync({
  setTimer,
  request,
  ...parts
}: Pick<HostSyncOptions, 'host' | 'database' | 'defer' | 'onFault'> & {
  readonly request: SyncRequest
  readonly setTimer: (run: () => void, delayMs: number) => () => void
}): HostSync {
  return new HostSync({
    ...parts,
    request,
    connect: webSocketConnect(request.url),
    imagesWith: (token) => httpImages({ ...request, token }),
    scheduler: { now: () => Date.now(), setTimer: (delayMs, run) => setTimer(run, delayMs) },
    compression: streamCompression(),
    hashChunk: chunkHash,
    randomFloat: () => Math.random(),
    isOnline: navigator.onLine,
  })
}
