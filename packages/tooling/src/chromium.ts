/**
 * Finds a Chromium to test in, or installs one.
 *
 * Looked for in this order: `CHROMIUM_PATH`, the places Linux packages use, Playwright's own
 * download. Installed with apt where that is possible (root on Debian), because there it works
 * without Playwright's download host and brings the system libraries along; otherwise, and when apt
 * fails, through Playwright.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { chromium } from 'playwright'

/** What finding and installing need of the machine; tests pass their own. */
export interface ChromiumHost {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isRoot: boolean
  /** The text of /etc/os-release, empty where there is none. */
  readonly osRelease: string
  /** Where Playwright would put, or has put, its own Chromium. */
  readonly playwrightPath: string
  isExecutable(path: string): boolean
  /** Runs a command to its end with its output on stderr; true when it exits with 0. */
  run(command: string, args: readonly string[]): boolean
  /** Tells a person one line. */
  say(line: string): void
}

/** Debian's and Ubuntu's package, Google's packages. First found wins. */
const SYSTEM_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/**
 * Arguments every Chromium here starts with: no traffic of its own beside the test's, and no
 * sandbox when root, where Chromium refuses to start with one.
 */
export const CHROMIUM_ARGS: readonly string[] = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/**
 * The path of a Chromium that is there, or undefined.
 *
 * @throws Error when `CHROMIUM_PATH` is set and is not an executable file: quietly testing in
 * another browser than the one asked for would be worse.
 */
export function findChromium(host: ChromiumHost = thisMachine()): string | undefined {
  const asked = host.env.CHROMIUM_PATH
  if (asked) {
    if (host.isExecutable(asked)) return asked
    throw new Error(
      `CHROMIUM_PATH is "${asked}", which is not an executable file; correct or unset it`,
    )
  }
  return [...SYSTEM_PATHS, host.playwrightPath].find((path) => host.isExecutable(path))
}

/**
 * The path of a Chromium, installed first if there is none. Says in one line what it did.
 *
 * @throws Error when none is there and none could be installed.
 */
export function ensureChromium(host: ChromiumHost = thisMachine()): string {
  const found = findChromium(host)
  if (found !== undefined) {
    host.say(`Chromium: using ${found}`)
    return found
  }
  for (const install of installers(host)) {
    const isDone = install.commands.every(([command, ...args]) => host.run(command, args))
    const path = isDone ? findChromium(host) : undefined
    if (path !== undefined) {
      host.say(`Chromium: none found, installed ${path} with ${install.name}`)
      return path
    }
  }
  throw new Error(
    'no Chromium found and none could be installed; install one and set CHROMIUM_PATH to it',
  )
}

interface Installer {
  readonly name: string
  readonly commands: readonly (readonly [command: string, ...args: string[]])[]
}

function installers(host: ChromiumHost): Installer[] {
  // Only Debian itself: Ubuntu's `chromium` package is a stub for a snap.
  const isDebian = /^ID="?debian"?$/m.test(host.osRelease)
  const isDebianLike = isDebian || /^ID_LIKE=.*\bdebian\b/m.test(host.osRelease)
  const apt: Installer = {
    name: 'apt-get',
    commands: [
      ['apt-get', 'update'],
      ['apt-get', 'install', '-y', 'chromium'],
    ],
  }
  const withSystemLibraries = host.isRoot && isDebianLike ? ['--with-deps'] : []
  const own: Installer = {
    name: 'Playwright',
    commands: [[process.execPath, playwrightCli(), 'install', ...withSystemLibraries, 'chromium']],
  }
  return host.isRoot && isDebian ? [apt, own] : [own]
}

/** Not `npx playwright`, which could pick another version or another Node than the workspace's. */
function playwrightCli(): string {
  return join(dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js')
}

function thisMachine(): ChromiumHost {
  return {
    env: process.env,
    isRoot: process.getuid?.() === 0,
    osRelease: readTextIfThere('/etc/os-release'),
    playwrightPath: chromium.executablePath(),
    isExecutable,
    run(command, args) {
      const result = spawnSync(command, args, {
        // Its progress belongs to people; stdout stays free for what a script prints.
        stdio: ['ignore', process.stderr, process.stderr],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      })
      return result.status === 0
    },
    say: (line) => console.error(line),
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there, or not for us: either way it cannot be used.
    return false
  }
}

function readTextIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Systems other than Linux have no such file.
    return ''
  }
}
