/** The last messages of a channel: appended and evicted in one batch, loaded in their order. */
import { decodeKey, encodeKey, type Job, k, UniverseError } from '../src/jobs/main/index.ts'

/** A message; its lamport time and its id, a UUID, are its place in the order. */
export interface Message {
  readonly lamport: number
  readonly id: string
  readonly body: string
}

const LOG = 'log'
const META = 'meta'

/** Time and id are in the key: the order of the keys is the order of the messages. */
function keyOf(channel: string, { lamport, id }: Message): Uint8Array {
  return encodeKey(channel, lamport, k.uuid(id))
}

/** Appends a message and evicts the oldest ones beyond `messagesMax`: both are stored, or neither. */
export async function append(job: Job, channel: string, message: Message, messagesMax: number) {
  const key = keyOf(channel, message)
  const there = await job.scanPrefix(LOG, channel)
  const evictedCount = Math.max(0, there.length + 1 - messagesMax)
  await job.persistAcked([
    ...there.slice(0, evictedCount).map((row) => {
      return { kind: 'delete', category: LOG, key: row.key } as const
    }),
    { kind: 'put', category: LOG, key, payload: message.body },
    { kind: 'put', category: META, key: channel, payload: message.lamport },
  ])
}

/** The messages in their order. One that cannot be read is left out. */
export async function load(job: Job, channel: string): Promise<Message[]> {
  const messages: Message[] = []
  for await (const { key, payload } of job.iteratePrefix(LOG, channel)) {
    try {
      const [, lamport, id] = decodeKey(key, k.string, k.int, k.uuid)
      messages.push({ lamport, id, body: decodeKey(payload, k.string)[0] })
    } catch (error) {
      if (!(error instanceof UniverseError)) throw error
    }
  }
  return messages
}

/** Lamport time of the message appended last; 0 before the first. */
export async function clockOf(job: Job, channel: string): Promise<number> {
  const payload = await job.get(META, channel)
  return payload === undefined ? 0 : decodeKey(payload, k.int)[0]
}

/** Forgets a channel. */
export async function drop(job: Job, channel: string) {
  await job.persistAcked([
    { kind: 'deletePrefix', category: LOG, key: channel },
    { kind: 'delete', category: META, key: channel },
  ])
}
