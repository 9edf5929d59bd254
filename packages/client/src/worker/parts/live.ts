export { createLive } from '../live/worker-live.ts'
export { serve } from '../serve.ts'
