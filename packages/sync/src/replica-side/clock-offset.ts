/** How far the relay's clock is from ours. */

/** Samples the median is taken of: one slow answer among three does not move it. */
const SAMPLES = 3

/** Measures the distance of two clocks from answered messages. */
export interface ClockOffset {
  /**
   * Takes one answer in: when the question left and the answer came, by our clock, and the relay's
   * time in between, all ms. Gives the median of the last three: relay's time − ours.
   */
  sample(times: {
    readonly sentMs: number
    readonly receivedMs: number
    readonly relayMs: number
  }): number
  /** Forgets what was measured for what the relay says now: our clock was set meanwhile. */
  restart(times: { readonly nowMs: number; readonly relayMs: number }): number
  /** The last median; 0 before the first answer. */
  current(): number
}

/** Creates a measurement without samples. */
export function createClockOffset(): ClockOffset {
  const samples: number[] = []
  let medianMs = 0
  const add = (offsetMs: number): number => {
    samples.push(offsetMs)
    if (samples.length > SAMPLES) samples.shift()
    const sorted = samples.toSorted((a, b) => a - b)
    medianMs = Math.round(sorted[Math.floor((sorted.length - 1) / 2)] ?? 0)
    return medianMs
  }
  return {
    // Half of the way there and back: the relay read its clock about then (NTP's offset).
    sample: ({ sentMs, receivedMs, relayMs }) => add(relayMs - (sentMs + receivedMs) / 2),
    restart({ nowMs, relayMs }) {
      samples.length = 0
      return add(relayMs - nowMs)
    },
    current: () => medianMs,
  }
}
