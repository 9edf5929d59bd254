/** Checks of what came from another thread, by the shapes that its kinds have. */
import { UniverseError } from '@inner-universe/core'
import { BATCH_ITEMS_MAX } from './limits.ts'

/** Members by name, of any type. */
export type Fields = Readonly<Record<string, unknown>>

/** Says of a value whether it fits. */
export type Check = (value: unknown) => boolean

/** What the members of one kind of message have to fit; others are not looked at. */
export type Shape = Readonly<Record<string, Check>>

/** Shapes by kind. */
export type Shapes = Readonly<Record<string, Shape>>

/** A text. */
export const isText = (value: unknown): value is string => typeof value === 'string'
/** A whole number from 0. */
export const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0
/** Anything with members, lists included. */
export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null
/** True or false. */
export const isBoolean = (value: unknown): boolean => typeof value === 'boolean'
/** An error as it crosses: see error-transfer.ts. */
export const isError = (value: unknown): boolean =>
  isObject(value) && isText(value.name) && isText(value.message)
/** The place of a delta in its stream. */
export const isDelta = (value: unknown): boolean =>
  isObject(value) && isText(value.stream) && isCount(value.seq)

/** Undefined, or what fits. */
export function isOptional(is: Check): Check {
  return (value) => value === undefined || is(value)
}

/** An array of what fits. */
export function isListOf(is: Check): Check {
  return (value) => Array.isArray(value) && value.every(is)
}

/** At most {@link BATCH_ITEMS_MAX} items of these shapes. */
export function isItems(shapes: Shapes): Check {
  return (value) =>
    Array.isArray(value) &&
    value.length <= BATCH_ITEMS_MAX &&
    value.every((item) => fits(shapes, item))
}

/** Whether a value is an object of one of the kinds, with the members of its shape. */
export function fits(shapes: Shapes, value: unknown): boolean {
  if (!isObject(value)) return false
  const { kind } = value
  if (!isText(kind) || !Object.hasOwn(shapes, kind)) return false
  const shape = shapes[kind] as Shape
  for (const name in shape) {
    if (!(shape[name] as Check)(value[name])) return false
  }
  return true
}

/** The message itself, if it fits. @throws UniverseError `client/protocol`. */
export function parseMessage(shapes: Shapes, value: unknown, from: string): Fields {
  if (fits(shapes, value)) return value as Fields
  const what = isObject(value) ? `"${String(value.kind)}"` : 'not an object'
  throw new UniverseError(
    'client/protocol',
    `a message between page and worker is not understood (${what}, from the ${from}); reload all tabs of the app`,
  )
}
