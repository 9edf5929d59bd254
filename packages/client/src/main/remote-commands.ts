/** The commands of a worker over Comlink. Fetched with the first command: most pages never give one. */
import { type Endpoint, wrap } from 'comlink'
import type { Commands } from '../rpc/commands.ts'

/** What gives commands over an endpoint; whoever serves them has exposed them there. */
export function remoteCommands(endpoint: Endpoint): Commands {
  // Comlink's type says of each promise that it is one; the rest is the same.
  return wrap<Commands>(endpoint) as unknown as Commands
}
