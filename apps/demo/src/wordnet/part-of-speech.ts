/** Parts of speech; satellite adjectives count as adjectives. */
export type PartOfSpeech = 'noun' | 'verb' | 'adjective' | 'adverb'

/** All parts of speech, in the order of their files. */
export const PARTS_OF_SPEECH: readonly PartOfSpeech[] = ['noun', 'verb', 'adjective', 'adverb']
