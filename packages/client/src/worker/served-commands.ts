/** What a worker loads with the first command that a page gives: the commands, and Comlink, which carries them. */
import { type Endpoint, expose } from 'comlink'
import { type ClientCommands, hostCommands, type OpenDatabase } from './host-commands.ts'

/** Serves the commands of a client on an endpoint. */
export function serveCommands(database: OpenDatabase, endpoint: Endpoint): ClientCommands {
  const served = hostCommands(database)
  expose(served.commands, endpoint)
  return served
}
