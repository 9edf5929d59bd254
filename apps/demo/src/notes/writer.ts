/** Those who have a note open, as they show themselves: in this app, or in any other editor of it. */
import { DEFAULT_THEME } from '@mantine/core'
import type { Device } from '../sync/device.ts'

/** How somebody shows who they are to all who have the note open. */
export interface Writer {
  readonly name: string
  /** `#rrggbb`, dark enough for white text on it. */
  readonly color: string
  /** The same, for what is behind selected text. */
  readonly colorLight: string
}

/** Somebody else in the note. */
export interface OtherWriter extends Writer {
  /** Yjs's name of the editor. */
  readonly client: number
}

/** What is said in a note: `user` by editors' custom, and `cursor` with Yjs's positions. */
export type WriterStates = ReadonlyMap<number, Readonly<Record<string, unknown>>>

/** Longest name shown, in UTF-16 units. */
const NAME_LENGTH_MAX = 32

const DARK_SHADE = 9
const GRAY = '#495057'

/** This device as a writer. Colours are numbers: other editors do not know this app's names for them. */
export function writerOfDevice({ name, color }: Device): Writer {
  const shade = DEFAULT_THEME.colors[color as keyof typeof DEFAULT_THEME.colors]?.[DARK_SHADE]
  return writerOf({ name, color: shade })
}

/** The writer somebody says to be. Anyone may say anything, and a colour ends up in a style. */
export function writerOf(user: unknown): Writer {
  const { name, color } = (typeof user === 'object' && user !== null ? user : {}) as {
    readonly name?: unknown
    readonly color?: unknown
  }
  const own = typeof color === 'string' && /^#[0-9a-f]{6}$/i.test(color) ? color : GRAY
  const shown = typeof name === 'string' ? name.trim().slice(0, NAME_LENGTH_MAX) : ''
  return { name: shown === '' ? 'Somebody' : shown, color: own, colorLight: `${own}59` }
}

/** The others in a note, in a lasting order. */
export function otherWritersOf(states: WriterStates, ownClient: number): readonly OtherWriter[] {
  return [...states]
    .filter(([client, { user }]) => client !== ownClient && user !== undefined)
    .sort(([a], [b]) => a - b)
    .map(([client, { user }]) => ({ client, ...writerOf(user) }))
}

/** Whether it is a selection as editors say it: two of Yjs's positions, as JSON. */
export function isCursor(cursor: unknown): boolean {
  if (typeof cursor !== 'object' || cursor === null) return false
  const { anchor, head } = cursor as { readonly anchor?: unknown; readonly head?: unknown }
  return isPosition(anchor) && isPosition(head)
}

function isPosition(position: unknown): boolean {
  if (typeof position !== 'object' || position === null) return false
  const { type, item, tname } = position as Readonly<Record<string, unknown>>
  return (
    [type, item].every((id) => id === null || id === undefined || isYjsId(id)) &&
    (tname === null || tname === undefined || typeof tname === 'string') &&
    (isYjsId(item) || isYjsId(type) || typeof tname === 'string')
  )
}

function isYjsId(id: unknown): boolean {
  if (typeof id !== 'object' || id === null) return false
  const { client, clock } = id as { readonly client?: unknown; readonly clock?: unknown }
  return Number.isSafeInteger(client) && Number.isSafeInteger(clock)
}
