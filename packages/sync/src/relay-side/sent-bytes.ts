/** Counts what was sent beyond what was seen: the credit of one session. RL15. */

/** Places remembered between the last offset seen and the last sent: credit is exact to one part of these. */
const MARKS = 64

/** Bytes sent and not seen, of one session. */
export class SentBytes {
  readonly #creditBytes: number
  /** Up to an offset, bytes sent so far; rising, at most about {@link MARKS}. */
  #marks: { readonly offset: number; readonly bytes: number }[]
  #sentBytes = 0
  #seenBytes = 0

  constructor(offset: number, creditBytes: number) {
    this.#creditBytes = creditBytes
    this.#marks = [{ offset, bytes: 0 }]
  }

  /** True when so many bytes may be sent now. Whoever has seen everything may always be sent something. */
  allows(byteCount: number): boolean {
    const unseenBytes = this.#sentBytes - this.#seenBytes
    return unseenBytes === 0 || unseenBytes + byteCount <= this.#creditBytes
  }

  /** Notes bytes sent, up to an offset. */
  add(offset: number, byteCount: number): void {
    this.#sentBytes += byteCount
    const before = this.#marks.at(-2)
    // What comes soon after the mark before moves the last one on.
    if (before !== undefined && this.#sentBytes - before.bytes < this.#creditBytes / MARKS) {
      this.#marks.pop()
    }
    this.#marks.push({ offset, bytes: this.#sentBytes })
  }

  /** Notes the offset seen, of those sent. */
  seen(offset: number, lastSent: number): void {
    if (offset >= lastSent) {
      this.#seenBytes = this.#sentBytes
      this.#marks = [{ offset, bytes: this.#sentBytes }]
      return
    }
    const seen = this.#marks.findLastIndex((mark) => mark.offset <= offset)
    if (seen < 0) return
    this.#seenBytes = (this.#marks[seen] as { bytes: number }).bytes
    this.#marks.splice(0, seen)
  }
}
