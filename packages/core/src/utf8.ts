/**
 * UTF-8 in place: short ASCII texts by hand, all others by the platform.
 *
 * Most cells are short ASCII, and for those crossing into the platform's codec costs more than the
 * work. Lone surrogates have no UTF-8 and are refused, not replaced: what is read back must be what
 * was written.
 */

const encoder = new TextEncoder()
/** Keeps a byte order mark: it is text like any other here. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Texts up to this many UTF-16 units are tried by hand first; measured, in V8. */
const BY_HAND_MAX = 40

/** Number of UTF-8 bytes of a text. A lone surrogate counts three. */
export function utf8Length(text: string): number {
  let byteCount = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    if (unit < 0x800) byteCount += 1
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(index + 1))) {
      // Two units, four bytes.
      byteCount += 2
      index += 1
    } else byteCount += 2
  }
  return byteCount
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

/**
 * Writes text at `offset` and gives the number of bytes, or −1 when the text is not well-formed.
 *
 * The caller guarantees room for three bytes per UTF-16 unit.
 */
export function encodeUtf8(text: string, target: Uint8Array, offset: number): number {
  if (text.length <= BY_HAND_MAX) {
    let index = 0
    for (; index < text.length; index++) {
      const unit = text.charCodeAt(index)
      if (unit >= 0x80) break
      target[offset + index] = unit
    }
    if (index === text.length) return index
  }
  if (!text.isWellFormed()) return -1
  return encoder.encodeInto(text, target.subarray(offset)).written
}

/** Text of the bytes from `start` to `end`, or undefined when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start <= BY_HAND_MAX) {
    let text = ''
    let index = start
    for (; index < end; index++) {
      const byte = bytes[index] as number
      if (byte >= 0x80) break
      text += String.fromCharCode(byte)
    }
    if (index === end) return text
  }
  try {
    return decoder.decode(bytes.subarray(start, end))
  } catch {
    // A TypeError is the only thing a fatal decoder throws: the caller says what was expected.
    return undefined
  }
}
