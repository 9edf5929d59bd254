/**
 * Ids of WordNet's synsets and pointers: version 8 UUIDs (RFC 9562) that say what they name.
 *
 *     776f7264-6e65-8310-8000-102086723005
 *     w o r d  n e   3.1      │└offset┘└ pointer number, from 1; 000 is the synset itself
 *                             └ part of speech: 1 noun, 2 verb, 3 adjective, 4 adverb
 *
 * The same on every device, so that an import that was interrupted, or done on two devices, makes
 * each row once, and a relation can be written without looking its entities up. `idFromKey` would
 * promise the same; digits rise in the order of the files as well, and rows that arrive in the order
 * of their ids fill an index twice as fast as rows in random order.
 */
import { type Id, parseId } from '@inner-universe/core'

const PREFIX = '776f7264-6e65-8310-8000-'

const DIGIT_BY_LETTER: Readonly<Record<string, string>> = { n: '1', v: '2', a: '3', r: '4' }

function idOf(synsetKey: string, pointerNumber: number): string {
  const digit = DIGIT_BY_LETTER[synsetKey.charAt(0)] ?? ''
  return `${PREFIX}${digit}${synsetKey.slice(1)}${String(pointerNumber).padStart(3, '0')}`
}

/** Id of the entity of a synset, given its key (`n02086723`). */
export function synsetId(synsetKey: string): Id<'entity'> {
  return parseId<'entity'>(idOf(synsetKey, 0))
}

/** Id of the relation of a pointer: the `pointerNumber`th, from 1, of a synset. */
export function pointerId(synsetKey: string, pointerNumber: number): Id<'relation'> {
  return parseId<'relation'>(idOf(synsetKey, pointerNumber))
}

/** True for an id made here. */
export function isWordnetId(id: string): boolean {
  return id.startsWith(PREFIX)
}
