import type { EntityRow } from '@inner-universe/universe'
import { Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { entityHref, nameOf } from '../data/entity.ts'
import { formatPlural } from '../data/format.ts'
import { colorOfType } from '../data/part-of-speech.ts'
import { useEntities } from '../data/use-entities.ts'
import { Page, PageTitle } from '../shell/page.tsx'
import { CountList } from './count-list.tsx'
import { EditBar } from './edit-bar.tsx'
import classes from './live-page.module.css'
import { type Build, useMeasured } from './use-measured.ts'
import { useViewStates } from './use-view-states.ts'
import { ViewPanel } from './view-panel.tsx'

const TOP_COUNT = 10

const entitiesByType: Build<{ readonly entity_type: string; readonly count: number }> = (q) =>
  q.entitiesByType.orderBy('count', 'desc')

const relationsByType: Build<{ readonly relation_type: string; readonly count: number }> = (q) =>
  q.relationsByType.orderBy('count', 'desc')

const mostConnected: Build<{ readonly from_entity: EntityRow['id']; readonly count: number }> = (
  q,
) => q.connections.orderBy('count', 'desc').limit(TOP_COUNT)

/** Counts over the whole graph that follow every edit, and what that takes. */
export function LivePage(): ReactNode {
  const states = useViewStates()
  const entities = useMeasured(entitiesByType)
  const relations = useMeasured(relationsByType)
  const top = useMeasured(mostConnected)
  const entityById = useEntities(top.rows.map(({ from_entity }) => from_entity))
  return (
    <Page title="Live views" size="lg">
      <Stack gap={28}>
        <header>
          <PageTitle>Live views</PageTitle>
          <Text c="dimmed" maw="68ch">
            Counts over the whole graph, kept in its file in the transaction that changes it.
            Nothing here is counted when you look: an edit costs what it changes, however much there
            is.
          </Text>
        </header>
        <EditBar isReady={top.isReady} />
        <div className={classes.panels}>
          <ViewPanel
            title="Entities by type"
            className={classes.entities}
            view={states.get('entitiesByType')}
            build={entitiesByType}
            measured={entities}
          >
            <CountList
              name="Entities by type"
              rows={entities.rows.map(({ entity_type, count }) => ({
                key: entity_type,
                label: entity_type,
                count,
                color: colorOfType(entity_type),
              }))}
            />
          </ViewPanel>
          <ViewPanel
            title="Most connected"
            note="by relations from them"
            className={classes.top}
            view={states.get('connections')}
            build={mostConnected}
            measured={top}
          >
            <CountList
              name="Most connected"
              rows={top.rows.map(({ from_entity, count }) => {
                const row = entityById.get(from_entity)
                return {
                  key: from_entity,
                  label: row === undefined ? '…' : nameOf(row),
                  count,
                  color: colorOfType(row?.entity_type ?? ''),
                  href: entityHref(from_entity),
                }
              })}
            />
          </ViewPanel>
          <ViewPanel
            title="Relations by type"
            className={classes.relations}
            view={states.get('relationsByType')}
            build={relationsByType}
            measured={relations}
            note={relations.rows.length > 0 ? formatPlural(relations.rows.length, 'type') : ''}
          >
            <CountList
              name="Relations by type"
              rows={relations.rows.map(({ relation_type, count }) => ({
                key: relation_type,
                label: relation_type,
                count,
                color: 'iris',
              }))}
            />
          </ViewPanel>
        </div>
      </Stack>
    </Page>
  )
}
