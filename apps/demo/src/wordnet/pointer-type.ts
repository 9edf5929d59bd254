/**
 * Pointer symbols of the data files and the relation types they become; wninput(5WN), “Pointers”.
 */
import type { PartOfSpeech } from './part-of-speech.ts'

/** Relation type by pointer symbol; the backslash means another thing in adverbs, see below. */
const TYPES_BY_SYMBOL: Readonly<Record<string, string>> = {
  '!': 'antonym',
  '@': 'hypernym',
  '@i': 'instance hypernym',
  '~': 'hyponym',
  '~i': 'instance hyponym',
  '#m': 'member holonym',
  '#s': 'substance holonym',
  '#p': 'part holonym',
  '%m': 'member meronym',
  '%s': 'substance meronym',
  '%p': 'part meronym',
  '=': 'attribute',
  '+': 'derivation',
  ';c': 'topic domain',
  '-c': 'topic member',
  ';r': 'region domain',
  '-r': 'region member',
  ';u': 'usage domain',
  '-u': 'usage member',
  '*': 'entailment',
  '>': 'cause',
  '^': 'also see',
  $: 'verb group',
  '&': 'similar to',
  '<': 'participle of',
  '\\': 'pertainym',
}

/** The relation type of a pointer symbol in a file of this part of speech. */
export function pointerTypeOf(symbol: string, partOfSpeech: PartOfSpeech): string {
  // One symbol, two meanings: an adverb is derived from an adjective, an adjective pertains to a noun.
  if (symbol === '\\' && partOfSpeech === 'adverb') return 'derived from adjective'
  const type = TYPES_BY_SYMBOL[symbol]
  if (type === undefined) throw new SyntaxError(`unknown pointer symbol "${symbol}"`)
  return type
}

/** All relation types there are, in the order of wninput(5WN). */
export const POINTER_TYPES: readonly string[] = [
  ...Object.values(TYPES_BY_SYMBOL),
  'derived from adjective',
]
