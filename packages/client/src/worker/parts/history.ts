export { ALWAYS } from '../always.ts'
export { historyCode } from '../history/worker-history.ts'
