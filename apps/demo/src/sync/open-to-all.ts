/** All devices that share the universe may change all of it, as one would expect of a demo. */
import type { AppUniverse } from '../universe.ts'
import { firstContact } from './first-contact.ts'

const POLICY_KEY = 'security_write_policy'

/**
 * Sets the write policy `anyone` unless it is set: the device that created the universe may. It waits
 * for the first contact, as a device that joins another's universe has nothing to set.
 */
export function openToAll(universe: AppUniverse): void {
  const set = async (): Promise<void> => {
    await firstContact(universe.sync)
    const [row] = await universe.query((q) => q.config.where({ key: POLICY_KEY }))
    if (row?.value !== 'anyone') {
      await universe.reducers.updateConfig({ key: POLICY_KEY, value: 'anyone' })
    }
  }
  // Refused where another device is the owner, and set there; failed where the tab has been closed.
  set().catch(() => undefined)
}
