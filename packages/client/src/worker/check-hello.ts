/** Who may connect to this host. */
import { MODULE_SENDER, type Module, UniverseError } from '@inner-universe/core'
import { CONTRACT_VERSION, type Hello } from '../rpc/contract.ts'

/**
 * Refuses clients of another module, of a newer release, or under an identity that no client has.
 *
 * @throws UniverseError `engine/module-mismatch`, `client/protocol`.
 */
export function checkHello(hello: Hello, module: Module): void {
  if (hello.moduleName !== module.name) {
    throw new UniverseError(
      'engine/module-mismatch',
      `this universe belongs to module "${module.name}", not to "${hello.moduleName}"; choose another name`,
      { details: { module: module.name, asked: hello.moduleName } },
    )
  }
  if (hello.contractVersion !== CONTRACT_VERSION || hello.schemaVersion > module.version) {
    throw new UniverseError(
      'client/protocol',
      `the tab that owns the database runs another release of the app (schema version ${module.version}, ` +
        `this tab ${hello.schemaVersion}); reload all tabs of the app`,
      { details: { ownVersion: module.version, askedVersion: hello.schemaVersion } },
    )
  }
  if (hello.identity === MODULE_SENDER || hello.identity === '') {
    throw new UniverseError('client/protocol', 'this identity is reserved; give another one')
  }
}
