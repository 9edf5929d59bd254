/**
 * Canonical UUID text (RFC 9562 4: 8-4-4-4-12 lower-case hex digits) packed in 16 bytes, and back.
 *
 * Any 16 bytes are accepted, whatever version and variant they claim. Both directions are on the
 * path of every row written, so they work in place and allocate nothing but the text.
 */
import { hexDigit, hexOfByte } from './hex.ts'

const UUID_LENGTH = 36
const DASH = 45

/** Where the two digits of each of the 16 bytes begin in the text. */
const DIGITS_AT = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34)

/**
 * Packs canonical UUID text at `offset` and says true; says false when it is any other text, in
 * which case the 16 bytes of the target hold nothing of use. Pass no target to check only.
 */
export function packUuid(text: string, target?: Uint8Array, offset: number = 0): boolean {
  if (
    text.length !== UUID_LENGTH ||
    text.charCodeAt(8) !== DASH ||
    text.charCodeAt(13) !== DASH ||
    text.charCodeAt(18) !== DASH ||
    text.charCodeAt(23) !== DASH
  ) {
    return false
  }
  for (let index = 0; index < 16; index++) {
    const at = DIGITS_AT[index] as number
    const high = hexDigit(text.charCodeAt(at))
    const low = hexDigit(text.charCodeAt(at + 1))
    if (high < 0 || low < 0) return false
    if (target !== undefined) target[offset + index] = high * 16 + low
  }
  return true
}

/** The canonical UUID text of the 16 bytes at `offset`. */
export function unpackUuid(bytes: Uint8Array, offset: number = 0): string {
  let text = ''
  for (let index = 0; index < 16; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-'
    text += hexOfByte(bytes[offset + index] as number)
  }
  return text
}
