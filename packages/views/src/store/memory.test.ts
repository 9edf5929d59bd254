import { viewStoreContract } from '../testing/index.ts'
import { openMemoryStore } from './memory.ts'

viewStoreContract({
  name: 'a view in memory',
  isPersistent: false,
  create: async () => ({
    open: openMemoryStore,
    damage: async () => undefined,
    raiseFormat: async () => undefined,
    remove: async () => undefined,
  }),
})
