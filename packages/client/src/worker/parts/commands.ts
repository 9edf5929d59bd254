export { ALWAYS } from '../always.ts'
export { serveCommands } from '../served-commands.ts'
