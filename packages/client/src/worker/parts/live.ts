export { ALWAYS } from '../always.ts'
export { createLive } from '../live/worker-live.ts'
