/** Key-value stores in Node: ours, the bare driver across a thread, level and LMDB. */
import { join } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import { Persistency } from '@inner-universe/client/jobs/node'
import { prefixRange } from '@inner-universe/core'
import { type Endpoint, wrap } from 'comlink'
import { Level } from 'level'
import { open } from 'lmdb'
import { type BareKv, bareContenderOf } from './bare-kv.ts'
import type { KvContender, KvEntry } from './contender.ts'
import { jobContenderOf } from './job-contender.ts'

const FROM_FIRST = new Uint8Array()

/** A job of ours. */
export async function jobContender(folder: string): Promise<KvContender> {
  const root = await Persistency.open(join(folder, 'jobs'))
  return jobContenderOf(await root.openJob('bench'), () => root.close())
}

/** The same table through the bare driver, in a thread of its own. */
export async function bareContender(folder: string): Promise<KvContender> {
  const { port1, port2 } = new MessageChannel()
  const thread = new Worker(new URL('./bare-kv.thread.ts', import.meta.url), {
    workerData: { port: port2 },
    transferList: [port2],
  })
  const bare = wrap<BareKv>(port1 as Endpoint)
  await bare.open(join(folder, 'bare.sqlite'))
  return bareContenderOf('bare driver in a thread', bare, () => {
    port1.close()
    return thread.terminate()
  })
}

/** LevelDB, each batch flushed. */
export async function levelContender(folder: string): Promise<KvContender> {
  const encoding = { keyEncoding: 'view', valueEncoding: 'view' } as const
  const level = new Level<Uint8Array, Uint8Array>(join(folder, 'level'), encoding)
  await level.open()
  const options = { sync: true }
  return {
    name: 'level',
    put: ({ key, payload }) => level.put(key, payload, options),
    async fill(batches) {
      for (const batch of batches) {
        await level.batch(
          batch.map(({ key, payload }) => ({ type: 'put', key, value: payload }) as const),
          options,
        )
      }
    },
    get: (key) => level.get(key),
    async scan(count) {
      const rows = await level.iterator({ gte: FROM_FIRST, limit: count }).all()
      return rows.length
    },
    deletePrefix: (prefix) => {
      const { start, stop } = prefixRange(prefix)
      return level.clear({ gte: start, lt: stop })
    },
    close: () => level.close(),
  }
}

/** LMDB, each batch flushed. */
export async function lmdbContender(folder: string): Promise<KvContender> {
  const database = open<Buffer, Buffer>({
    path: join(folder, 'lmdb'),
    keyEncoding: 'binary',
    encoding: 'binary',
  })
  const put = ({ key, payload }: KvEntry) => database.put(Buffer.from(key), Buffer.from(payload))
  const remove = (prefix: Uint8Array): Promise<boolean> => {
    const { start, stop } = prefixRange(prefix)
    const range = { start: Buffer.from(start), end: Buffer.from(stop) }
    return database.transaction(() => {
      for (const key of [...database.getKeys(range)]) database.removeSync(key)
      return true
    })
  }
  return {
    name: 'lmdb',
    async put(entry) {
      await put(entry)
      await database.flushed
    },
    async fill(batches) {
      for (const batch of batches) {
        await database.transaction(() => {
          for (const entry of batch) void put(entry)
        })
      }
      await database.flushed
    },
    get: async (key) => database.get(Buffer.from(key)),
    scan: async (count) => [...database.getRange({ limit: count })].length,
    async deletePrefix(prefix) {
      await remove(prefix)
      await database.flushed
    },
    close: () => database.close(),
  }
}
