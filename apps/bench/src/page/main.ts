/** Entry of the bench's page: loads the part that the Node half asks for by the address's hash. */
const parts = {
  kill: async () => {
    window.killPage = (await import('../kill/page.ts')).killPage
  },
}

/** Loads a part; resolves when its functions are on `window`. */
async function load(): Promise<void> {
  const name = location.hash.slice(1)
  if (name in parts) await parts[name as keyof typeof parts]()
  document.documentElement.dataset.part = name
}

void load()
