import type { StoreClock } from '../store/view-store.ts'

/** Real time, as tests let it pass. */
export const TEST_CLOCK: StoreClock = {
  nowMs: () => performance.now(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}
