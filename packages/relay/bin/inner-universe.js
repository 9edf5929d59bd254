#!/usr/bin/env node
// The command's first step: finds a Node that runs TypeScript as it is, then runs src/cli.ts on it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NODE_MAJOR_MIN = 24

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  const { main } = await import(new URL('../src/cli.ts', import.meta.url).href)
  await main(process.argv)
} else {
  const node = installedNode()
  if (node === undefined) {
    console.error(
      `inner-universe needs Node ${NODE_MAJOR_MIN} or newer, and this is ${process.version}. ` +
        'Install it, or add the package "node" to the project.',
    )
    process.exit(1)
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  // A terminal tells the whole group; a service manager tells this process alone.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128)
  })
}

/** The Node that the npm package `node` brings, as the scripts of this workspace use it. */
function installedNode() {
  try {
    const path = join(
      dirname(createRequire(import.meta.url).resolve('node/package.json')),
      'bin/node',
    )
    return existsSync(path) ? path : undefined
  } catch {
    // The package is not installed: there is no such Node.
    return undefined
  }
}
