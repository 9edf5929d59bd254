/**
 * What a session does with `data`: it inflates, checks the chain of the log, and gives the entries
 * to the replica, some hundred deltas at a time, with a turn for others in between.
 */
import {
  type Epoch,
  type Hash,
  type HashFunction,
  type LogEntry,
  type LogPosition,
  type ReceiveResult,
  type Replica,
  UniverseError,
} from '@inner-universe/core'
import { floorHash } from '../floor-codec.ts'
import { extendLogHash } from '../hash.ts'
import { RECEIVE_DELTAS_MAX, SEEN_BYTES, SEEN_ENTRIES, SEEN_MS } from '../limits.ts'
import type { RelayMessage, WireEntry } from '../messages.ts'
import type { Compression, Scheduler } from '../transport.ts'
import { Alarm } from './alarm.ts'
import { unpackBatch } from './wire-batch.ts'

/** What a receiver is made of. */
export interface ReceiverOptions {
  readonly replica: Replica
  readonly scheduler: Scheduler
  readonly compression: Compression
  readonly hash: HashFunction
  /** Of the log that is read. */
  readonly epoch: Epoch
  /** Bytes the relay sends beyond the last `seen`. */
  readonly creditBytes: number
  readonly onReceived: (result: ReceiveResult) => void
  readonly onSeen: (offset: number) => void
  readonly onFailed: (error: unknown) => void
}

/** Takes entries into one replica. Held until {@link Receiver.start}. */
export class Receiver {
  readonly #options: ReceiverOptions
  /** Checked and not taken in yet. Bounded by the credit. */
  readonly #waiting: Checked[] = []
  #offset: number
  #hash: Hash
  #isStarted = false
  #isClosed = false
  /** The turn after a transaction belongs to others. */
  #isResting = false
  #unseenEntries = 0
  #unseenBytes = 0
  readonly #seenDue: Alarm

  constructor(options: ReceiverOptions) {
    this.#options = options
    this.#seenDue = new Alarm(options.scheduler)
    const { offset, hash } = options.replica.position()
    this.#offset = offset
    this.#hash = hash
  }

  /** Begins to take in. */
  start(): void {
    this.#isStarted = true
    this.#takeIn()
  }

  /**
   * Checks the entries of one message and takes them in, now or soon.
   *
   * @throws UniverseError `sync/protocol`, or rejects with it: nothing of the message is taken in.
   */
  async add(data: Extract<RelayMessage, { readonly type: 'data' }>): Promise<void> {
    const checked: Checked[] = []
    let offset = this.#offset
    let hash = this.#hash
    for (const wire of data.entries) {
      offset += 1
      if (wire.offset !== offset) {
        refuse(`the relay sent entry ${wire.offset} where ${offset} was to come`)
      }
      const reading = this.#read(wire)
      const entry = reading instanceof Promise ? await reading : reading
      hash = extendLogHash(hash, entry.hash, this.#options.hash)
      checked.push({ ...entry, logHash: hash })
    }
    if (hash !== data.hash) {
      refuse(`the log up to ${offset} has the hash ${hash}, and the relay says ${data.hash}`)
    }
    if (this.#isClosed) return
    this.#offset = offset
    this.#hash = hash
    this.#waiting.push(...checked)
    this.#takeIn()
  }

  /** Stops. What was not told to be seen is read again, or told by the next `open`. */
  close(): void {
    this.#isClosed = true
    this.#waiting.length = 0
    this.#seenDue.cancel()
  }

  #takeIn(): void {
    if (!this.#isStarted || this.#isResting || this.#isClosed || this.#waiting.length === 0) return
    const { scheduler, replica, epoch, onReceived, onFailed } = this.#options
    this.#isResting = true
    scheduler.setTimer(0, () => {
      this.#isResting = false
      this.#takeIn()
    })
    const taken = this.#nextEntries()
    const last = taken.at(-1)
    if (last === undefined) return
    const position: LogPosition = { epoch, offset: last.entry.offset, hash: last.logHash }
    try {
      const result = replica.receive(
        taken.map(({ entry }) => entry),
        position,
      )
      if (result.kind === 'received') this.#note(taken)
      onReceived(result)
    } catch (error) {
      onFailed(error)
    }
  }

  /** As many entries as one transaction takes: at least one, a batch never split. */
  #nextEntries(): Checked[] {
    let count = 0
    let deltaCount = 0
    for (const each of this.#waiting) {
      deltaCount += each.deltaCount
      if (count > 0 && deltaCount > RECEIVE_DELTAS_MAX) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  #note(taken: readonly Checked[]): void {
    this.#unseenEntries += taken.length
    for (const { byteCount } of taken) this.#unseenBytes += byteCount
    const bytesMax = Math.min(SEEN_BYTES, this.#options.creditBytes / 2)
    if (this.#unseenEntries >= SEEN_ENTRIES || this.#unseenBytes >= bytesMax) this.#tellSeen()
    else if (!this.#seenDue.isSet) this.#seenDue.set(SEEN_MS, () => this.#tellSeen())
  }

  #tellSeen(): void {
    this.#seenDue.cancel()
    this.#unseenEntries = 0
    this.#unseenBytes = 0
    if (!this.#isClosed) this.#options.onSeen(this.#options.replica.position().offset)
  }

  #read(wire: WireEntry): Read | Promise<Read> {
    const { compression, hash } = this.#options
    switch (wire.kind) {
      case 'own':
        return { entry: wire, hash: wire.hash, deltaCount: wire.deltaCount, byteCount: OWN_BYTES }
      case 'floor': {
        const deltaCount = wire.floor.forgotten.reduce((sum, { ids }) => sum + ids.length, 1)
        const entryHash = floorHash(wire.floor, hash)
        return { entry: wire, hash: entryHash, deltaCount, byteCount: deltaCount * OWN_BYTES }
      }
      case 'batch': {
        const read = ({ header, batch }: Awaited<ReturnType<typeof unpackBatch>>): Read => ({
          entry: {
            kind: 'batch',
            offset: wire.offset,
            batch,
            previous: header.previous,
            base: header.base,
            origins: header.origins,
          },
          hash: batch.hash,
          deltaCount: batch.deltaCount,
          byteCount: wire.batch.header.length + wire.batch.body.length,
        })
        const unpacked = unpackBatch(wire.batch, compression, hash)
        return unpacked instanceof Promise ? unpacked.then(read) : read(unpacked)
      }
    }
  }
}

/** Bytes of an entry that only names a batch, about. */
const OWN_BYTES = 48

interface Read {
  readonly entry: LogEntry
  /** Of the entry alone. */
  readonly hash: Hash
  readonly deltaCount: number
  /** On the wire, about. */
  readonly byteCount: number
}

interface Checked extends Read {
  /** Chain hash of the log at the entry. */
  readonly logHash: Hash
}

function refuse(message: string): never {
  throw new UniverseError('sync/protocol', message)
}
