/**
 * Carries what editors say of themselves (cursors, names) between the tabs that have a document open.
 *
 * On the wire a tab's state of a document is `[client, clock, state]` as y-protocols has them. What
 * others say is not trusted: what is no such list says nothing, and nobody speaks for this tab.
 */
import type { JsonValue } from '@inner-universe/core'
import * as encoding from 'lib0/encoding'
import { type Awareness, applyAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness'
import type { DocumentAddress, DocumentPresence, SetTimer } from './document-home.ts'
import { AWARENESS_CLIENTS_MAX, AWARENESS_MS } from './limits.ts'

interface AwarenessLinkOptions {
  readonly awareness: Awareness
  readonly address: DocumentAddress
  readonly presence: DocumentPresence
  readonly setTimer: SetTimer
}

type State = readonly [client: number, clock: number, state: JsonValue]

/** Links an awareness to presence; returns the end of it, after which others no longer hear of it. */
export function linkAwareness(options: AwarenessLinkOptions): () => void {
  const { awareness, address, presence, setTimer } = options
  let stopTimer: (() => void) | undefined
  let others: ReadonlySet<number> = new Set()

  const speak = (): void => {
    stopTimer = undefined
    presence.set(address, ownState(awareness))
  }
  const onUpdate = (_changes: unknown, origin: unknown): void => {
    if (origin !== presence) stopTimer ??= setTimer(speak, AWARENESS_MS)
  }
  const hear = (heard: readonly JsonValue[]): void => {
    const states = heard
      .slice(0, AWARENESS_CLIENTS_MAX)
      .filter(isState)
      .filter(([client]) => client !== awareness.clientID)
    const present = new Set(states.map(([client]) => client))
    const gone = [...others].filter((client) => !present.has(client))
    others = present
    removeAwarenessStates(awareness, gone, presence)
    // Who comes back with the same clock is heard again.
    for (const client of gone) awareness.meta.delete(client)
    applyAwarenessUpdate(awareness, encodeStates(states), presence)
  }
  awareness.on('update', onUpdate)
  const stopHearing = presence.onOthers(address, hear)
  return () => {
    awareness.off('update', onUpdate)
    stopTimer?.()
    stopHearing()
    presence.set(address, undefined)
  }
}

/** Undefined while no editor has said anything. */
function ownState(awareness: Awareness): JsonValue | undefined {
  const state = awareness.getLocalState()
  if (state === null || Object.keys(state).length === 0) return undefined
  const clock = awareness.meta.get(awareness.clientID)?.clock ?? 0
  return [awareness.clientID, clock, state as JsonValue]
}

function isState(value: JsonValue): value is State {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [client, clock, state] = value
  return (
    isCount(client) &&
    isCount(clock) &&
    typeof state === 'object' &&
    state !== null &&
    !Array.isArray(state)
  )
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** As y-protocols encodes them. */
function encodeStates(states: readonly State[]): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, states.length)
  for (const [client, clock, state] of states) {
    encoding.writeVarUint(encoder, client)
    encoding.writeVarUint(encoder, clock)
    encoding.writeVarString(encoder, JSON.stringify(state))
  }
  return encoding.toUint8Array(encoder)
}
