import { openUniverse } from '../src/main/index.ts'
import { plans } from './plans.ts'

/** Plans of this device. */
export const universe = await openUniverse(plans, {
  name: 'plans',
  worker: () => new Worker(new URL('./plans.worker.ts', import.meta.url), { type: 'module' }),
})

const output = document.querySelector('output') as HTMLOutputElement
universe
  .live((q) => q.openByProject.orderBy('count', 'desc').limit(3))
  .subscribe(({ rows }) => {
    output.textContent = rows.map(({ project, count }) => `${project}: ${count}`).join(', ')
  })
