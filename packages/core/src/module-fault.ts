/** What is wrong with a module is `module/invalid`, a name of it first of all. */
import { UniverseError } from './error.ts'
import { NAME_BYTES_MAX } from './limits.ts'

const NAME = /^[a-z][a-z0-9_]*$/i

/** Refuses a module. */
export function invalidModule(message: string): never {
  throw new UniverseError('module/invalid', message)
}

/** A name that can be part of SQL, of a delta and of a message. */
export function checkName(what: string, name: string): void {
  if (!NAME.test(name)) {
    invalidModule(`${what} "${name}": a name is letters, digits and _, a letter first`)
  }
  if (name.length > NAME_BYTES_MAX / 2) invalidModule(`${what} "${name}": the name is too long`)
}
