/** What both halves are given from outside: time, randomness, bytes to and from the other side. */

/** Time and timers. At the rim: `Date.now`, `setTimeout`. In the simulator: virtual. */
export interface Scheduler {
  /** Wall time, ms since 1970. */
  now(): number
  /** Calls back once after `delayMs`; returns the cancellation. */
  setTimer(delayMs: number, run: () => void): () => void
}

/** One connection, as its user sees it. Messages are whole and in order while it lasts. */
export interface Connection {
  send(bytes: Uint8Array): void
  /** Bytes sent and not yet on their way. */
  bufferedBytes(): number
  /** Ends it; what was sent before still arrives, if anything does. */
  close(): void
}

/** What happens on a connection. After `onClose` nothing happens any more. */
export interface ConnectionEvents {
  onOpen(): void
  onMessage(bytes: Uint8Array): void
  onClose(): void
}

/** Begins a connection to the relay. Never throws: a failure is an `onClose`. */
export type Connect = (events: ConnectionEvents) => Connection

/** Raw deflate (RFC 1951). The promise is for browsers, whose streams are asynchronous. */
export interface Compression {
  deflate(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
  /** Fails when the outcome would exceed `bytesMax`: no bomb is unpacked. */
  inflate(bytes: Uint8Array, bytesMax: number): Uint8Array | Promise<Uint8Array>
}
