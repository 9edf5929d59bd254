import {
  badge,
  createEntity,
  type Device,
  deleteEntity,
  expectEqual,
  expectSample,
  expectSynced,
  goTo,
  importSample,
  nameDevice,
  renameEntity,
  test,
  turnOffline,
} from './device.ts'
import { expect, openWord, status } from './fixtures.ts'

/** Browsers, a relay and its fold share the machine. */
test.setTimeout(180_000)

/** Two devices with the sample of WordNet: the second has it from the first. */
async function openTwo(
  openDevice: () => Promise<Device>,
): Promise<readonly [ana: Device, ben: Device]> {
  const ana = await openDevice()
  await importSample(ana)
  await expectSynced(ana)
  const ben = await openDevice()
  await expectSample(ben)
  await expectSynced(ben)
  return [ana, ben]
}

test('a new device fills itself from another, and imports nothing', async ({
  relay,
  openDevice,
}) => {
  await relay.start()
  const [ana, ben] = await openTwo(openDevice)
  await expect(ben.page.getByRole('region', { name: 'This is a sample of WordNet' })).toBeVisible()
  await expectEqual([ana, ben])
})

test('both write offline, and end equal; what clashed is told, with both values', async ({
  relay,
  openDevice,
}) => {
  await relay.start()
  const [ana, ben] = await openTwo(openDevice)
  await nameDevice(ana, 'Ana')
  await nameDevice(ben, 'Ben')
  await turnOffline(ana, true)
  await expect(badge(ana.page)).toHaveAccessibleName('Sync: Paused')
  await ben.setNetwork(false)
  await expect(badge(ben.page)).toHaveAccessibleName('Sync: Offline')

  await renameEntity(ana.page, 'run', 'sprint')
  await createEntity(ana.page, 'Rex')
  await deleteEntity(ana.page, 'house')
  await renameEntity(ana.page, 'dog', 'hound')
  await expect(ana.page.getByText('Not synced yet')).toBeVisible()
  await expect(badge(ana.page)).toHaveAccessibleName('Sync: Paused, 4 changes not synced')
  await goTo(ana.page, 'Sync')
  const waiting = ana.page.getByRole('list', { name: 'Changes not synced' })
  await expect(waiting.getByRole('listitem')).toHaveCount(4)
  await expect(waiting.getByRole('listitem').last()).toContainText('Changed hound')

  // Later than Ana's, so these stand.
  await createEntity(ben.page, 'Tom')
  await renameEntity(ben.page, 'dog', 'good dog')
  await deleteEntity(ben.page, 'run')
  await renameEntity(ben.page, 'house', 'home')
  await expect(badge(ben.page)).toHaveAccessibleName('Sync: Offline, 4 changes not synced')

  await turnOffline(ana, false)
  await expectSynced(ana)
  await expect(waiting.getByRole('listitem')).toHaveCount(0)
  await ben.setNetwork(true)
  await expectSynced(ben)

  const notices = ana.page.getByRole('log', { name: 'Conflicts noticed' })
  await expect(notices).toContainText(
    'You wrote “hound”, Ben wrote “good dog” at the same time; “good dog” stands because it was written later.',
  )
  await notices.getByRole('link').first().click()
  const conflicts = ana.page.getByRole('main').getByRole('listitem')
  await expect(conflicts).toHaveCount(3)
  const dog = conflicts.filter({ hasText: 'good dog' })
  await expect(dog.getByRole('row', { name: 'name hound good dog' })).toBeVisible()
  const run = conflicts.filter({ hasText: 'sprint' })
  await expect(run).toContainText(
    'You changed it, Ben deleted it at the same time; it stays deleted.',
  )
  await expectEqual([ana, ben])

  await goTo(ana.page, 'Sync')
  await ana.page.getByRole('link', { name: '3 conflicts' }).click()
  await dog.getByRole('button', { name: 'Use mine' }).click()
  await expect(conflicts).toHaveCount(2)
  await run.getByRole('button', { name: 'Bring it back' }).click()
  await expect(conflicts).toHaveCount(1)
  await openWord(ben.page, 'hound')
  await openWord(ben.page, 'sprint')
  await conflicts.getByRole('button', { name: 'Leave it so' }).click()
  await expect(ana.page.getByText('There are none.')).toBeVisible()
  await expectEqual([ana, ben])
})

test('a relay that is killed loses nothing, and the devices find it again', async ({
  relay,
  openDevice,
}) => {
  await relay.start()
  const [ana, ben] = await openTwo(openDevice)
  await renameEntity(ana.page, 'dog', 'hound')
  await relay.stop('SIGKILL')
  await expect(badge(ana.page)).toHaveAccessibleName(/^Sync: (Offline|Connecting)/)
  await createEntity(ana.page, 'Rex')
  await renameEntity(ben.page, 'house', 'home')
  await relay.start()
  await expectSample(ana, 1)
  await expectEqual([ana, ben])
  await openWord(ana.page, 'home')
  await openWord(ben.page, 'hound')
})

test('a relay put back to an older state is told again what it lost', async ({
  relay,
  openDevice,
}) => {
  await relay.start()
  const [ana, ben] = await openTwo(openDevice)
  await relay.stop('SIGTERM')
  await relay.backUp()
  await relay.start()
  await renameEntity(ana.page, 'dog', 'hound')
  await createEntity(ben.page, 'Tom')
  await expectEqual([ana, ben])

  await relay.stop('SIGTERM')
  await createEntity(ana.page, 'Rex')
  await relay.restore()
  await relay.start()
  await expectSample(ben, 2)
  await expectEqual([ana, ben])
  await openWord(ben.page, 'hound')
  await openWord(ana.page, 'Tom')

  const cleo = await openDevice()
  await expectSample(cleo, 2)
  await expectEqual([ana, ben, cleo])
})

test('a device that wrote before it joined keeps what it wrote', async ({ relay, openDevice }) => {
  await relay.start()
  const [ana, ben] = await openTwo(openDevice)
  await expect.poll(relay.log).toContain('"msg":"image"')
  await renameEntity(ana.page, 'dog', 'hound')

  const cleo = await openDevice({ isPaused: true })
  await createEntity(cleo.page, 'Early bird')
  await expect(status(cleo.page)).toContainText('1 entity')
  await turnOffline(cleo, false)
  await expectSample(cleo, 1)
  await expectSynced(cleo)
  await expect(cleo.page.getByRole('heading', { level: 1, name: 'Early bird' })).toBeVisible()
  await expectSample(ana, 1)
  await expectEqual([ana, ben, cleo])
  await openWord(ben.page, 'Early bird')
  await openWord(cleo.page, 'hound')
})

test('who is here is seen, where they are, and that they have gone', async ({
  relay,
  openDevice,
}) => {
  await relay.start()
  const [ana, ben] = await openTwo(openDevice)
  await nameDevice(ben, 'Ben')
  const header = ana.page.getByRole('banner')
  await expect(header.getByRole('img', { name: 'Also here: Ben' })).toBeVisible()
  await openWord(ana.page, 'dog')
  const viewers = ana.page.getByRole('main').getByRole('img', { name: 'Looking at this too: Ben' })
  await expect(viewers).toBeHidden()
  await openWord(ben.page, 'dog')
  await expect(viewers).toBeVisible()
  await goTo(ana.page, 'Sync')
  await expect(ana.page.getByRole('main').getByRole('list', { name: 'Also here' })).toContainText(
    /Ben\s*looks at dog/,
  )
  await ben.close()
  await expect(header.getByRole('img', { name: /^Also here/ })).toBeHidden()
})

test('without a relay everything works, and it is told calmly', async ({ openDevice }) => {
  // The relay was never started.
  const ana = await openDevice()
  await importSample(ana)
  await renameEntity(ana.page, 'dog', 'hound')
  await expect(badge(ana.page)).toHaveAccessibleName(
    /^Sync: (Offline|Connecting), \d+ changes not synced$/,
  )
  await expect(ana.page.getByRole('alert')).toBeHidden()
  await goTo(ana.page, 'Sync')
  await ana.page.getByRole('button', { name: 'Use no relay' }).click()
  await expect(badge(ana.page)).toHaveAccessibleName('Sync: No relay')
  await openWord(ana.page, 'hound')
})
