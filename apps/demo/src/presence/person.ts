/** Other devices that are here, from what their tabs say of themselves. */
import type { JsonValue, Peer } from '@inner-universe/client'
import type { Device } from '../sync/device.ts'

/** What a tab says of itself to all others. */
export interface Said {
  readonly device: Device
  /** The entity it shows. */
  readonly entityId: string | null
  /** Entities edited in it, newest last. */
  readonly editedIds: readonly string[]
}

/** A device that is here, with all its tabs. */
export interface Person extends Device {
  /** Entities its tabs show. */
  readonly entityIds: readonly string[]
  readonly editedIds: readonly string[]
}

/** What is said, as it is sent. */
export function encodeSaid({ device, entityId, editedIds }: Said): JsonValue {
  return { ...device, entityId, editedIds: [...editedIds] }
}

/** Other devices, in a lasting order. What is not understood is left out: anyone may say anything. */
export function peopleOf(peers: readonly Peer[], ownId: string): readonly Person[] {
  const people = new Map<string, Person>()
  for (const { state } of peers) {
    const said = decodeSaid(state)
    if (said === undefined || said.device.id === ownId) continue
    const { device, entityId, editedIds } = said
    const before = people.get(device.id)
    people.set(device.id, {
      ...device,
      entityIds: [
        ...new Set([...(before?.entityIds ?? []), ...(entityId === null ? [] : [entityId])]),
      ],
      editedIds: [...new Set([...(before?.editedIds ?? []), ...editedIds])],
    })
  }
  return [...people.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** `A`, or `AB` of two words. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/)
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase()
}

function decodeSaid(state: JsonValue): Said | undefined {
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return undefined
  const { id, name, color, entityId, editedIds } = state as Readonly<Record<string, JsonValue>>
  if (typeof id !== 'string' || typeof name !== 'string' || typeof color !== 'string') {
    return undefined
  }
  return {
    device: { id, name, color },
    entityId: typeof entityId === 'string' ? entityId : null,
    editedIds: Array.isArray(editedIds) ? editedIds.filter((one) => typeof one === 'string') : [],
  }
}
