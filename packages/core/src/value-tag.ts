/** First bytes of values, see `value-codec.ts`: they say what follows. */

/** Nothing follows. */
export const NULL = 0x00
/** Nothing follows. */
export const FALSE = 0x01
/** Nothing follows. */
export const TRUE = 0x02
/** A zigzag varint. */
export const INTEGER = 0x03
/** 8 bytes. */
export const BIGINT = 0x04
/** 8 bytes. */
export const FLOAT = 0x05
/** A varint length, UTF-8. */
export const TEXT = 0x06
/** A varint length, bytes. */
export const BYTES = 0x07
/** The 16 bytes of a UUID's text. */
export const UUID = 0x08
/** A varint length, canonical JSON. */
export const JSON_TEXT = 0x09
/** With the length added: UTF-8. */
export const SHORT_TEXT = 0x80
/** With the integer added: nothing. */
export const SMALL_INTEGER = 0xc0

/** Both short forms hold 0 to 63. */
export const SHORT_MAX = 63
