import { expect, test } from 'vitest'
import { type ChromiumHost, ensureChromium, findChromium } from './chromium.ts'

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
const UBUNTU = 'ID=ubuntu\nID_LIKE=debian\n'
const PLAYWRIGHT_PATH = '/cache/playwright/chrome'

/** A machine in memory: `installs` names the commands that work and what each puts there. */
function machine(options: {
  files?: readonly string[]
  installs?: Readonly<Record<string, string>>
  env?: Readonly<Record<string, string>>
  isRoot?: boolean
  osRelease?: string
}) {
  const files = new Set(options.files)
  const commands: string[] = []
  const lines: string[] = []
  const host: ChromiumHost = {
    env: options.env ?? {},
    isRoot: options.isRoot ?? false,
    osRelease: options.osRelease ?? '',
    playwrightPath: PLAYWRIGHT_PATH,
    isExecutable: (path) => files.has(path),
    run(command, args) {
      const line = [command, ...args].join(' ')
      commands.push(line.replace(/^\S*node\S* \S*cli\.js/, 'playwright'))
      const put = Object.entries(options.installs ?? {}).find(([part]) => line.includes(part))
      if (put) files.add(put[1])
      return put !== undefined
    },
    say: (line) => lines.push(line),
  }
  return { host, commands, lines }
}

test('CHROMIUM_PATH goes before everything else', () => {
  const files = ['/opt/mine', '/usr/bin/chromium']
  expect(findChromium(machine({ files, env: { CHROMIUM_PATH: '/opt/mine' } }).host)).toBe(
    '/opt/mine',
  )
})

test('a CHROMIUM_PATH that does not work is an error, not a reason to take another', () => {
  const { host } = machine({ files: ['/usr/bin/chromium'], env: { CHROMIUM_PATH: '/opt/gone' } })
  expect(() => findChromium(host)).toThrow('CHROMIUM_PATH is "/opt/gone"')
})

test("the system's Chromium goes before Playwright's own", () => {
  expect(findChromium(machine({ files: [PLAYWRIGHT_PATH, '/usr/bin/google-chrome'] }).host)).toBe(
    '/usr/bin/google-chrome',
  )
  expect(findChromium(machine({ files: [PLAYWRIGHT_PATH] }).host)).toBe(PLAYWRIGHT_PATH)
  expect(findChromium(machine({}).host)).toBeUndefined()
})

test('one that is there is used, said in one line, and nothing is installed', () => {
  const { host, commands, lines } = machine({ files: ['/usr/bin/chromium'] })
  expect(ensureChromium(host)).toBe('/usr/bin/chromium')
  expect(commands).toEqual([])
  expect(lines).toEqual(['Chromium: using /usr/bin/chromium'])
})

test('root on Debian installs with apt', () => {
  const { host, commands, lines } = machine({
    isRoot: true,
    osRelease: DEBIAN,
    installs: { 'apt-get update': '/var/lib/apt', 'apt-get install': '/usr/bin/chromium' },
  })
  expect(ensureChromium(host)).toBe('/usr/bin/chromium')
  expect(commands).toEqual(['apt-get update', 'apt-get install -y chromium'])
  expect(lines).toEqual(['Chromium: none found, installed /usr/bin/chromium with apt-get'])
})

test('when apt fails, Playwright installs its own', () => {
  const { host, commands } = machine({
    isRoot: true,
    osRelease: DEBIAN,
    installs: { 'cli.js install': PLAYWRIGHT_PATH },
  })
  expect(ensureChromium(host)).toBe(PLAYWRIGHT_PATH)
  expect(commands).toEqual(['apt-get update', 'playwright install --with-deps chromium'])
})

test('elsewhere Playwright installs its own, with system libraries where it may', () => {
  const installs = { 'cli.js install': PLAYWRIGHT_PATH }
  const user = machine({ osRelease: DEBIAN, installs })
  expect(ensureChromium(user.host)).toBe(PLAYWRIGHT_PATH)
  expect(user.commands).toEqual(['playwright install chromium'])
  const ubuntuRoot = machine({ isRoot: true, osRelease: UBUNTU, installs })
  expect(ensureChromium(ubuntuRoot.host)).toBe(PLAYWRIGHT_PATH)
  expect(ubuntuRoot.commands).toEqual(['playwright install --with-deps chromium'])
})

test('says what to do when nothing worked', () => {
  expect(() => ensureChromium(machine({}).host)).toThrow('set CHROMIUM_PATH')
})
