/** Names of the hidden tables of a module with `versions: true` (`history-tables.ts`): every page has them. */
export const HISTORY_TABLES = {
  version: 'history_version',
  content: 'history_content',
  chunk: 'history_chunk',
  ref: 'history_ref',
} as const
