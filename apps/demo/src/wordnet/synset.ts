/**
 * One line of a WordNet data file (`data.noun`, `data.verb`, `data.adj`, `data.adv`); wndb(5WN).
 *
 *     synset_offset lex_filenum ss_type w_cnt word lex_id [word lex_id…] p_cnt [ptr…] [frames…] | gloss
 *     ptr     = pointer_symbol synset_offset pos source/target
 *     frames  = f_cnt + f_num w_num [+ f_num w_num…]          (verbs only)
 *
 * synset_offset: 8 decimal digits, the byte offset of the line in its file, which makes it unique
 * within a part of speech. lex_filenum: 2 decimal digits. ss_type: n, v, a, s (satellite adjective),
 * r. w_cnt: 2 hexadecimal digits. word: spaces are written `_`; adjectives may end in a syntactic
 * marker `(p)`, `(a)`, `(ip)`. lex_id: 1 hexadecimal digit. p_cnt: 3 decimal digits. source/target:
 * 2 + 2 hexadecimal digits, word numbers from 1 in this and the other synset; 0000 means that the
 * pointer is between the synsets as a whole. Lines that begin with two spaces hold the licence.
 */
import { lexicographerFileOf } from './lexicographer-file.ts'
import type { PartOfSpeech } from './part-of-speech.ts'
import { pointerTypeOf } from './pointer-type.ts'

/** A typed link from one synset, or one of its words, to another. */
export interface Pointer {
  /** `hypernym`, `part meronym`, … */
  readonly type: string
  /** Key of the synset pointed at, as {@link Synset.key}. */
  readonly target: string
  /** Word numbers, from 1; undefined for a pointer between whole synsets. */
  readonly words: { readonly source: number; readonly target: number } | undefined
}

/** A set of words that mean one thing, with its pointers to others. */
export interface Synset {
  /** Unique in WordNet: letter of the part of speech and offset, `n02086723`. */
  readonly key: string
  readonly partOfSpeech: PartOfSpeech
  /** True for an adjective that is grouped round another one of the same meaning. */
  readonly isSatellite: boolean
  readonly offset: number
  /** Lexicographer file, `noun.animal`. */
  readonly lexFile: string
  /** Words with spaces; the first is the most frequent. Never empty. */
  readonly lemmas: readonly string[]
  /** Numbers of the sentence frames of a verb, each once. */
  readonly frames: readonly number[]
  readonly pointers: readonly Pointer[]
  /** Definition and examples. */
  readonly gloss: string
}

const PARTS_BY_LETTER: Readonly<Record<string, PartOfSpeech>> = {
  n: 'noun',
  v: 'verb',
  a: 'adjective',
  s: 'adjective',
  r: 'adverb',
}

function fault(line: string, what: string): never {
  throw new SyntaxError(`not a WordNet synset, ${what}: ${line.slice(0, 60)}`)
}

/** True for the lines of the licence at the head of each file. */
export function isLicenceLine(line: string): boolean {
  return line.startsWith('  ')
}

/** Key of a line without parsing the rest of it. */
export function keyOfLine(line: string): string {
  const letter = line[12] ?? ''
  return (letter === 's' ? 'a' : letter) + line.slice(0, 8)
}

/**
 * Parses one line of a data file.
 *
 * @throws SyntaxError when the line is not a synset.
 */
export function parseSynset(line: string): Synset {
  const bar = line.indexOf(' | ')
  if (bar < 0) fault(line, 'no gloss')
  const fields = line.slice(0, bar).trimEnd().split(' ')
  let at = 0
  const next = (): string => fields[at++] ?? fault(line, 'too short')
  const offset = Number(next())
  const lexFile = lexicographerFileOf(Number(next()))
  const letter = next()
  const partOfSpeech = PARTS_BY_LETTER[letter] ?? fault(line, `part of speech "${letter}"`)
  const lemmas: string[] = []
  for (let count = Number.parseInt(next(), 16); count > 0; count--) {
    lemmas.push(lemmaOf(next()))
    at++
  }
  const pointers: Pointer[] = []
  for (let count = Number(next()); count > 0; count--) {
    const type = pointerTypeOf(next(), partOfSpeech)
    const targetOffset = next()
    const targetLetter = next()
    const words = next()
    pointers.push({
      type,
      target: (targetLetter === 's' ? 'a' : targetLetter) + targetOffset,
      words:
        words === '0000'
          ? undefined
          : {
              source: Number.parseInt(words.slice(0, 2), 16),
              target: Number.parseInt(words.slice(2), 16),
            },
    })
  }
  const frames = new Set<number>()
  if (at < fields.length) {
    for (let count = Number(next()); count > 0; count--) {
      at++
      frames.add(Number(next()))
      at++
    }
  }
  if (at !== fields.length || lemmas.length === 0) fault(line, 'fields and counts differ')
  return {
    key: keyOfLine(line),
    partOfSpeech,
    isSatellite: letter === 's',
    offset,
    lexFile,
    lemmas,
    frames: [...frames],
    pointers,
    gloss: line.slice(bar + 3).trim(),
  }
}

function lemmaOf(word: string): string {
  return word.replace(/\((?:a|p|ip)\)$/, '').replaceAll('_', ' ')
}
