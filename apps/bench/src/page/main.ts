/** Entry of the bench's page: loads the part that the Node half asks for by the address's hash. */

/** Functions of the loaded part, called by the Node half through `page.evaluate`. */
export interface Parts {
  readonly kill: typeof import('../kill/page.ts').killPage
  readonly calls: typeof import('./calls.ts').callsPage
  readonly 'cold-open': typeof import('./cold-open.ts').coldOpenPage
  readonly 'live-many': typeof import('./live-many.ts').liveManyPage
  readonly 'live-query': typeof import('./live-query.ts').liveQueryPage
  readonly 'fail-over': typeof import('./fail-over.ts').failOverPage
  readonly fill: typeof import('./fill.ts').fillPage
  readonly jobs: typeof import('./jobs.ts').jobsPage
}

const loaders: { readonly [K in keyof Parts]: () => Promise<Parts[K]> } = {
  kill: async () => (await import('../kill/page.ts')).killPage,
  calls: async () => (await import('./calls.ts')).callsPage,
  'cold-open': async () => (await import('./cold-open.ts')).coldOpenPage,
  'live-many': async () => (await import('./live-many.ts')).liveManyPage,
  'live-query': async () => (await import('./live-query.ts')).liveQueryPage,
  'fail-over': async () => (await import('./fail-over.ts')).failOverPage,
  fill: async () => (await import('./fill.ts')).fillPage,
  jobs: async () => (await import('./jobs.ts')).jobsPage,
}

declare global {
  interface Window {
    /** The loaded part; the Node half knows which it asked for. */
    benchPart: Partial<Parts>
  }
}

/** Loads a part; the attribute tells when it is there. */
async function load<K extends keyof Parts>(name: K): Promise<void> {
  window.benchPart = { [name]: await loaders[name]() }
  document.documentElement.dataset.part = name
}

const name = location.hash.slice(1)
if (name in loaders) void load(name as keyof Parts)
