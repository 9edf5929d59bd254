/**
 * Cursors between Yjs clients and replicas with editors: what one kind says is told to the other.
 *
 * Replicas say it with their presence, one JSON object a session. Of that, each entry whose name begins
 * with `documents/` is about the documents of one tab, or here of one Yjs client: an object, document →
 * `[client, clock, state]`, a document being named by the JSON text of `[table, row, column]`. What is no
 * such thing says nothing.
 */
import { AWARE_BYTES_MAX, AWARE_INTERVAL_MS, type Scheduler } from '@inner-universe/sync'
import type { SharedAwareness, ToldState } from './shared-awareness.ts'

const PREFIX = 'documents/'

/** Entries taken in of one session. */
const ENTRIES_MAX = 64

/** What a presence is made of. */
export interface DocumentPresenceOptions {
  readonly scheduler: Scheduler
  /** Says something to all replicas, in place of what was said before; undefined: nothing any more. */
  readonly say: (state: Uint8Array | undefined) => void
}

/** A session of a replica, as awareness has sessions. */
class Outsider {
  states: ReadonlyMap<string, readonly ToldState[]> = new Map()
}

/** The presence of one universe's documents. */
export class DocumentPresence {
  readonly #options: DocumentPresenceOptions
  readonly #outsiders = new Map<string, Outsider>()
  readonly #open = new Map<string, { readonly awareness: SharedAwareness; stop(): void }>()
  #cancelSaying: (() => void) | undefined
  #hasSaid = false

  constructor(options: DocumentPresenceOptions) {
    this.#options = options
  }

  /** A document is opened: what was heard about it is told. */
  open(key: string, awareness: SharedAwareness): void {
    for (const outsider of this.#outsiders.values()) {
      awareness.replace(outsider, outsider.states.get(key) ?? [])
    }
    this.#open.set(key, { awareness, stop: awareness.onChange(() => this.#planSaying()) })
  }

  close(key: string): void {
    this.#open.get(key)?.stop()
    if (this.#open.delete(key)) this.#planSaying()
  }

  /** What another session says; undefined: it is gone. */
  hear(sessionId: string, state: Uint8Array | undefined): void {
    const outsider = this.#outsiders.get(sessionId) ?? new Outsider()
    outsider.states = state === undefined ? new Map() : read(state)
    if (outsider.states.size === 0) this.#outsiders.delete(sessionId)
    else this.#outsiders.set(sessionId, outsider)
    for (const [key, { awareness }] of this.#open) {
      awareness.replace(outsider, outsider.states.get(key) ?? [])
    }
  }

  stop(): void {
    this.#cancelSaying?.()
    for (const key of [...this.#open.keys()]) this.#open.get(key)?.stop()
  }

  #planSaying(): void {
    const { scheduler, say } = this.#options
    this.#cancelSaying ??= scheduler.setTimer(AWARE_INTERVAL_MS, () => {
      this.#cancelSaying = undefined
      const state = this.#encode()
      // Most have no cursors to tell of.
      if (state === undefined && !this.#hasSaid) return
      this.#hasSaid = state !== undefined
      say(state)
    })
  }

  /** As many as there is room for, who spoke last first. */
  #encode(): Uint8Array | undefined {
    const encoder = new TextEncoder()
    const parts: string[] = []
    let byteCount = 2
    for (const [key, { awareness }] of this.#open) {
      const inside = awareness.states((session) => !(session instanceof Outsider))
      for (const { client, clock, state } of [...inside].reverse()) {
        if (!state?.startsWith('{') || state === '{}') continue
        const name = JSON.stringify(`${PREFIX}${client}`)
        const part = `${name}:{${JSON.stringify(key)}:[${client},${clock},${state}]}`
        byteCount += encoder.encode(part).length + 1
        if (byteCount > AWARE_BYTES_MAX || parts.length === ENTRIES_MAX) break
        parts.push(part)
      }
    }
    return parts.length === 0 ? undefined : encoder.encode(`{${parts.join(',')}}`)
  }
}

/** What a session says of documents: states by document. */
function read(bytes: Uint8Array): ReadonlyMap<string, readonly ToldState[]> {
  const states = new Map<string, ToldState[]>()
  for (const [name, told] of entriesOf(parse(bytes)).slice(0, ENTRIES_MAX)) {
    if (!name.startsWith(PREFIX)) continue
    for (const [key, value] of entriesOf(told)) {
      const state = stateOf(value)
      if (state === undefined) continue
      const list = states.get(key)
      if (list === undefined) states.set(key, [state])
      else list.push(state)
    }
  }
  return states
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    // Another program's state, or damage.
    return undefined
  }
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isObject(value) ? Object.entries(value) : []
}

function stateOf(value: unknown): ToldState | undefined {
  if (!Array.isArray(value) || value.length !== 3) return undefined
  const [client, clock, state] = value as readonly unknown[]
  if (!isCount(client) || !isCount(clock) || !isObject(state)) return undefined
  return { client, clock, state: JSON.stringify(state) }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
