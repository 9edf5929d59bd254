/**
 * Who is there in one document: the newest state of each Yjs client, told to the others, never stored.
 *
 *     states = count (client clock state)*      state: a JSON text, `null`: gone
 *
 * A state counts if its clock is above the one known; `null` also at the same clock, as y-protocols has
 * it. A state belongs to the session that told it last, and goes with it. No timers: sessions that have
 * died are found out by their connections.
 */
import { UniverseError } from '@inner-universe/core'
import { createDecoder, hasContent, readVarString, readVarUint } from 'lib0/decoding'
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding'

/** Bounds of the states of one document. */
export interface AwarenessLimits {
  /** Bytes of one state, as JSON. */
  readonly stateBytesMax: number
  /** Clients with a state; more are not heard. */
  readonly clientsMax: number
}

/** What is told of one client. */
export interface ToldState {
  readonly client: number
  readonly clock: number
  /** JSON text; undefined: gone, its clock is kept so that nothing older comes back. */
  readonly state: string | undefined
}

interface ClientState extends ToldState {
  readonly session: object | undefined
}

/** The states of one document. */
export class SharedAwareness {
  readonly #limits: AwarenessLimits
  readonly #clients = new Map<number, ClientState>()
  readonly #listeners = new Set<(states: Uint8Array) => void>()

  constructor(limits: AwarenessLimits) {
    this.#limits = limits
  }

  /** Tells what changed, to all sessions: also to the one that said it, which hears that it is heard. */
  onChange(listener: (states: Uint8Array) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Takes in what a session says.
   *
   * @throws UniverseError `sync/protocol` when it is not what it should be, `call/too-large`.
   */
  apply(session: object, states: Uint8Array): void {
    const told = readStates(states, this.#limits.stateBytesMax)
    this.#tell(told.filter((each) => this.#take(session, each)))
  }

  /** Takes in all that a session says: whom it no longer names is gone. */
  replace(session: object, states: readonly ToldState[]): void {
    const named = new Set(states.map(({ client }) => client))
    const gone = this.#end(({ client, session: of }) => of === session && !named.has(client))
    this.#tell([...gone, ...states.filter((each) => this.#take(session, each))])
  }

  /** The session is gone, and what it said. */
  leave(session: object): void {
    this.#tell(this.#end((known) => known.session === session))
  }

  /** All that are there, as sessions of some kind said. */
  states(isOf: (session: object) => boolean): readonly ToldState[] {
    return [...this.#clients.values()].filter(
      ({ state, session }) => state !== undefined && session !== undefined && isOf(session),
    )
  }

  /** All that are there, for one who comes; of none too, as a sign of life. */
  encode(): Uint8Array {
    return encodeStates(this.states(() => true))
  }

  /** True when that is news. */
  #take(session: object, told: ToldState): boolean {
    const known = this.#clients.get(told.client)
    const isNewer = told.clock > (known?.clock ?? -1)
    const isEnd = told.clock === known?.clock && told.state === undefined
    if (!isNewer && !(isEnd && known.state !== undefined)) return false
    if (known === undefined && !this.#makeRoom()) return false
    // Order matters: who spoke last is last, and is heard where there is not room for all.
    this.#clients.delete(told.client)
    this.#clients.set(told.client, { ...told, session })
    return true
  }

  #end(isOver: (state: ClientState) => boolean): readonly ToldState[] {
    const gone: ToldState[] = []
    for (const known of this.#clients.values()) {
      if (!isOver(known) || known.session === undefined) continue
      const { client, clock } = known
      const end = { client, clock, state: undefined }
      this.#clients.set(client, { ...end, session: undefined })
      if (known.state !== undefined) gone.push(end)
    }
    return gone
  }

  /** Those who are gone make room for those who come. */
  #makeRoom(): boolean {
    if (this.#clients.size < this.#limits.clientsMax) return true
    for (const [client, { state }] of this.#clients) {
      if (state !== undefined) continue
      this.#clients.delete(client)
      return true
    }
    return false
  }

  #tell(changed: readonly ToldState[]): void {
    if (changed.length === 0) return
    const states = encodeStates(changed)
    for (const listener of [...this.#listeners]) listener(states)
  }
}

/** A state is read whole: what is no JSON would be thrown at everybody else. */
function readStates(bytes: Uint8Array, stateBytesMax: number): readonly ToldState[] {
  const told: ToldState[] = []
  try {
    const decoder = createDecoder(bytes)
    for (let left = readVarUint(decoder); left > 0; left--) {
      const client = readVarUint(decoder)
      const clock = readVarUint(decoder)
      const from = decoder.pos
      const text = readVarString(decoder)
      if (decoder.pos - from > stateBytesMax) {
        throw new UniverseError(
          'call/too-large',
          `an awareness state of ${decoder.pos - from} bytes; ${stateBytesMax} are allowed`,
        )
      }
      const isGone = JSON.parse(text) === null
      told.push({ client, clock, state: isGone ? undefined : text })
    }
    if (!hasContent(decoder)) return told
  } catch (cause) {
    if (cause instanceof UniverseError) throw cause
    throw new UniverseError('sync/protocol', 'the bytes are no awareness states', { cause })
  }
  throw new UniverseError('sync/protocol', 'bytes follow the awareness states; nothing may')
}

function encodeStates(states: readonly ToldState[]): Uint8Array {
  const encoder = createEncoder()
  writeVarUint(encoder, states.length)
  for (const { client, clock, state } of states) {
    writeVarUint(encoder, client)
    writeVarUint(encoder, clock)
    writeVarString(encoder, state ?? 'null')
  }
  return toUint8Array(encoder)
}
