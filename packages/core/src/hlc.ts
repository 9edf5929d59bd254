/**
 * HLC53: the hybrid logical clock that orders writes across replicas. CODEC.md HL1–HL5.
 *
 *     hlc = ms since 2024-01-01T00:00:00Z (41 bits) · counter (12 bits)
 *
 * 53 bits: a safe integer, 8 bytes in SQLite, no BigInt anywhere; it reaches the year 2093. The
 * counter tells apart events within a millisecond; when it is full, the clock runs ahead by one.
 * Kulkarni et al., "Logical Physical Clocks" (2014), with the logical part inside the one number.
 */
import { UniverseError } from './error.ts'
import type { StreamId } from './id.ts'

/** When the clock starts, in ms since 1970: 2024-01-01T00:00:00Z. */
export const HLC_EPOCH_MS = 1_704_067_200_000

/** The last reading there is: 2^53 − 1, in the year 2093. */
export const HLC_MAX: number = Number.MAX_SAFE_INTEGER

/** Readings per millisecond. */
const PER_MS = 4096

/**
 * The clock value of a write and who wrote it. No two writes have equal stamps, because a stream's
 * hlc rises strictly.
 */
export interface Stamp {
  readonly hlc: number
  readonly stream: StreamId
}

/** Where a clock gets the time from, and where it stood. */
export interface HlcClockOptions {
  /** Milliseconds since 1970. May step back, stand still or be wrong by years. */
  readonly now: () => number
  /** Last reading kept with the data; 0 when there is none. Keep it in the writes' transaction. */
  readonly last: number
}

/** A clock that never gives a reading twice and never goes back. One per engine. */
export interface HlcClock {
  /** The last reading given or received. */
  readonly last: number
  /**
   * A reading for a new write: the time, or one more than the last reading if that is greater.
   *
   * @throws UniverseError `engine/delta-invalid` when the last reading was {@link HLC_MAX}.
   */
  send(): number
  /**
   * Notes a reading from elsewhere, so that every later one is greater.
   *
   * It does not judge how far ahead the other clock is: that is for who let the write in.
   *
   * @throws UniverseError `engine/delta-invalid` when it is not an integer of 53 bits.
   */
  receive(remote: number): void
}

/** Makes a clock. @throws UniverseError `engine/delta-invalid` when `last` is not a reading. */
export function createHlcClock(options: HlcClockOptions): HlcClock {
  let last = checkHlc(options.last)
  return {
    get last() {
      return last
    },
    send() {
      const physical = Math.floor(options.now() - HLC_EPOCH_MS) * PER_MS
      // A device whose time is outside 2024–2093 (or NaN) is not asked: its clock only counts.
      if (physical > last && physical <= HLC_MAX) last = physical
      else last = checkHlc(last + 1)
      return last
    },
    receive(remote) {
      if (checkHlc(remote) > last) last = remote
    },
  }
}

/** True for an integer of 53 bits. */
export function isHlc(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function checkHlc(value: number): number {
  if (isHlc(value)) return value
  throw new UniverseError('engine/delta-invalid', `${value} is not a clock value of 53 bits`, {
    details: { hlc: String(value) },
  })
}

/** The wall time of a reading, in ms since 1970. */
export function hlcToMs(hlc: number): number {
  return Math.floor(hlc / PER_MS) + HLC_EPOCH_MS
}

/**
 * The first reading of a millisecond since 1970: a bound for "since then".
 *
 * @throws UniverseError `engine/delta-invalid` for a time outside 2024–2093.
 */
export function hlcFromMs(timestampMs: number): number {
  return checkHlc(Math.floor(timestampMs - HLC_EPOCH_MS) * PER_MS)
}

/**
 * Orders stamps: by hlc, then by the bytes of the stream id. The greater stamp wins a merge.
 *
 * Hex digits order as the bytes do, so texts are compared. Never compare local stream indexes:
 * they differ between replicas.
 */
export function compareStamp(a: Stamp, b: Stamp): number {
  if (a.hlc !== b.hlc) return a.hlc < b.hlc ? -1 : 1
  if (a.stream === b.stream) return 0
  return a.stream < b.stream ? -1 : 1
}
