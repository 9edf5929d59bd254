/** The floor of key-value jobs in Node, in a thread of its own. */
import { type MessagePort, workerData } from 'node:worker_threads'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { type Endpoint, expose } from 'comlink'
import { bareKv } from './bare-kv.ts'

expose(
  bareKv((path) => openNodeDatabase({ path, durability: 'power' })),
  (workerData as { readonly port: MessagePort }).port as Endpoint,
)
