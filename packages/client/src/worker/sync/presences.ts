/**
 * What the tabs of this device say of themselves, as one state of its session; and what others say.
 *
 * On the wire a session's state is a JSON object: tab → what it says, and `documents/` with the tab →
 * what its open documents say, an object by document. Bytes from others are not trusted: what is no such
 * object says nothing.
 */
import type { JsonValue } from '@inner-universe/core'
import type { Peer } from '../../rpc/contract.ts'

/** Tabs taken in of one session, those with documents twice: more than anyone has open. */
const TABS_MAX = 64

/** Before a tab's name: what its documents say. */
const DOCUMENTS = 'documents/'

/** The registers of both. */
export class Presences {
  readonly #bytesMax: number
  readonly #own = new Map<string, JsonValue>()
  readonly #others = new Map<string, readonly Peer[]>()

  /** @param bytesMax of a session's state. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** A tab says something, or nothing any more. True when that changes anything. */
  say(tabId: string, state: JsonValue | undefined): boolean {
    const wasThere = this.#own.delete(tabId)
    if (state === undefined) return wasThere
    this.#own.set(tabId, state)
    return true
  }

  /** A tab's documents say something, or nothing any more. True when that changes anything. */
  sayDocuments(tabId: string, state: JsonValue | undefined): boolean {
    return this.say(DOCUMENTS + tabId, state)
  }

  /**
   * The session's state; undefined when no tab says anything. Where all together is too large, those
   * who have spoken last are heard.
   */
  encode(): Uint8Array | undefined {
    const encoder = new TextEncoder()
    const parts: string[] = []
    let byteCount = 2
    for (const [tabId, state] of [...this.#own].reverse()) {
      const part = `${JSON.stringify(tabId)}:${JSON.stringify(state)}`
      const partBytes = encoder.encode(part).length + 1
      if (byteCount + partBytes > this.#bytesMax) continue
      byteCount += partBytes
      parts.push(part)
    }
    return parts.length === 0 ? undefined : encoder.encode(`{${parts.join(',')}}`)
  }

  /** What another session says; undefined: it is gone. */
  hear(sessionId: string, state: Uint8Array | undefined): void {
    // Order matters: the latest to speak is last, and is believed where two speak of one tab.
    this.#others.delete(sessionId)
    const peers = state === undefined ? [] : decode(state)
    if (peers.length > 0) this.#others.set(sessionId, peers)
  }

  /** All but one tab: those of others, then those of this device. */
  peersOf(tabId: string): readonly Peer[] {
    return [...this.#othersOf(tabId)]
      .filter(([sessionId]) => !sessionId.startsWith(DOCUMENTS))
      .map(([sessionId, state]) => ({ sessionId, state }))
  }

  /** What the documents of all but one tab say. */
  documentsOf(tabId: string): readonly JsonValue[] {
    return [...this.#othersOf(DOCUMENTS + tabId)]
      .filter(([sessionId]) => sessionId.startsWith(DOCUMENTS))
      .map(([, state]) => state)
  }

  #othersOf(key: string): ReadonlyMap<string, JsonValue> {
    const states = new Map<string, JsonValue>()
    for (const others of this.#others.values()) {
      for (const { sessionId, state } of others) states.set(sessionId, state)
    }
    for (const [own, state] of this.#own) states.set(own, state)
    states.delete(key)
    return states
  }
}

function decode(bytes: Uint8Array): Peer[] {
  try {
    const states: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof states !== 'object' || states === null || Array.isArray(states)) return []
    return Object.entries(states as Record<string, JsonValue>)
      .slice(0, TABS_MAX)
      .map(([sessionId, state]) => ({ sessionId, state }))
  } catch {
    // Another program's state, or damage: it says nothing that could be shown.
    return []
  }
}
