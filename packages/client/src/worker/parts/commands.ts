export { serve } from '../serve.ts'
export { serveCommands } from '../served-commands.ts'
