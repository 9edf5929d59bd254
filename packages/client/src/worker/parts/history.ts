export { historyCode } from '../history/worker-history.ts'
export { serve } from '../serve.ts'
