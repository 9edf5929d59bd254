/** First bytes of values, see `datum-codec.ts`: they say what follows, in the order of the kinds. */

/** Ends texts, bytes, arrays and the names of an object. */
export const END = 0x00
/** Nothing follows. */
export const NULL = 0x01
/** Nothing follows. */
export const FALSE = 0x02
/** Nothing follows. */
export const TRUE = 0x03
/** 8 bytes and what a bigint has beyond them. */
export const FAR_BELOW = 0x04
/** 8 bytes. */
export const NUMBER = 0x05
/** 8 bytes and what a bigint has beyond them. */
export const FAR_ABOVE = 0x06
/** UTF-8, its end. */
export const TEXT = 0x07
/** Bytes, their end. */
export const BYTES = 0x08
/** Values, their end. */
export const ARRAY = 0x09
/** Names as texts, their end, values. */
export const OBJECT = 0x0a
/** Decimal digits, their end. */
export const EXACT_BIGINT = 0x0b

/** In texts and bytes: stands before 01 for 00, before 02 for itself. */
export const ESCAPE = 0x01
