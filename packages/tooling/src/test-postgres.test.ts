import { expect, test } from 'vitest'
import {
  ensurePostgres,
  findPostgres,
  type PostgresHost,
  startTestPostgres,
} from './test-postgres.ts'

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'

/** A machine in memory; apt-get puts version 17 there when it works. */
function machine(options: {
  versions?: readonly string[]
  env?: Readonly<Record<string, string>>
  isRoot?: boolean
  osRelease?: string
  aptWorks?: boolean
}) {
  const versions = [...(options.versions ?? [])]
  const commands: string[] = []
  const host: PostgresHost = {
    env: options.env ?? {},
    isRoot: options.isRoot ?? false,
    osRelease: options.osRelease ?? '',
    list: () => versions,
    isExecutable: (path) =>
      versions.some((version) => path.startsWith(`/usr/lib/postgresql/${version}/bin/`)),
    run(command, args) {
      commands.push(`${command} ${args[0]}`)
      if (!(options.aptWorks ?? false)) return false
      if (args[0] === 'install') versions.push('17')
      return true
    },
    say: () => undefined,
  }
  return { host, commands }
}

test('of several versions the newest is taken', () => {
  expect(findPostgres(machine({ versions: ['9', '15', '13'] }).host)).toBe(
    '/usr/lib/postgresql/15/bin',
  )
  expect(findPostgres(machine({}).host)).toBeUndefined()
})

test('as root on Debian it is installed, without a cluster of the system', () => {
  const { host, commands } = machine({ isRoot: true, osRelease: DEBIAN, aptWorks: true })
  expect(ensurePostgres(host)).toBe('/usr/lib/postgresql/17/bin')
  expect(commands).toEqual(['sh -c', 'apt-get update', 'apt-get install'])
})

test('without a server and without a way to one, the error says how to give one', async () => {
  const { host, commands } = machine({ osRelease: DEBIAN })
  await expect(startTestPostgres(host)).rejects.toThrow(/set DATABASE_URL/)
  expect(commands).toEqual([])
  const failing = machine({ isRoot: true, osRelease: DEBIAN })
  await expect(startTestPostgres(failing.host)).rejects.toThrow(/set DATABASE_URL/)
})

test('DATABASE_URL goes before everything else', async () => {
  const { host } = machine({ env: { DATABASE_URL: 'postgres://there/db' } })
  expect((await startTestPostgres(host)).url).toBe('postgres://there/db')
})
