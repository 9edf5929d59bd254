import type { EntityRow } from '@inner-universe/universe'
import { Button, Skeleton, Stack, Text } from '@mantine/core'
import { IconBook } from '@tabler/icons-react'
import { type ReactNode, useMemo } from 'react'
import { Link, useLocation } from 'wouter'
import { entityHref, graphHref, nameOf } from '../data/entity.ts'
import { formatCount } from '../data/format.ts'
import { colorOfType } from '../data/part-of-speech.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { NotFoundPage } from '../shell/not-found-page.tsx'
import { Page, PageTitle } from '../shell/page.tsx'
import { TypeBadge } from '../shell/type-badge.tsx'
import { useLiveQuery, useLiveSql } from '../universe.ts'
import { GraphCanvas } from './graph-canvas.tsx'
import classes from './graph-page.module.css'
import {
  NEIGHBOURS_PER_TYPE,
  NEIGHBOURS_SQL,
  type NeighbourGroup,
  type NeighbourRow,
  neighbourhoodOf,
} from './neighbourhood.ts'
import { Trail, useTrail } from './trail.tsx'

/** The drawn neighbourhood of an entity, to walk by clicking or by the list beside it. */
export function GraphPage({ id }: { readonly id: string }): ReactNode {
  const entity = useLiveQuery((q) => q.entity.where({ id: id as EntityRow['id'] }).limit(1), [id])
  const [row] = entity.rows
  if (entity.error !== undefined) {
    return (
      <Page title="Graph" size="lg">
        <ErrorNotice error={entity.error} title="The graph cannot be read" />
      </Page>
    )
  }
  if (entity.isReady && row === undefined) return <NotFoundPage />
  return <Walk id={id} row={row} />
}

function Walk({
  id,
  row,
}: {
  readonly id: string
  readonly row: EntityRow | undefined
}): ReactNode {
  const [, navigate] = useLocation()
  const name = row === undefined ? '…' : nameOf(row)
  const type = row?.entity_type ?? ''
  const trail = useTrail(id, row === undefined ? undefined : name)
  const neighbours = useLiveSql<NeighbourRow>(NEIGHBOURS_SQL, [id, NEIGHBOURS_PER_TYPE])
  const neighbourhood = useMemo(
    () => neighbourhoodOf({ id, name, type }, neighbours.rows),
    [id, name, type, neighbours.rows],
  )
  const isReady = row !== undefined && neighbours.isReady
  return (
    <Page title={`Graph of ${name}`} size="lg">
      <Trail trail={trail} />
      <div className={classes.columns}>
        <div className={classes.canvas}>
          {isReady ? (
            <GraphCanvas
              centreId={id}
              neighbourhood={neighbourhood}
              onWalk={(to) => to !== id && navigate(graphHref(to))}
            />
          ) : (
            <Skeleton height="100%" radius={0} aria-label="Loading the graph" />
          )}
        </div>
        <div className={classes.side}>
          <Stack gap={6} mb="md">
            <div>
              <TypeBadge type={type || '…'} />
            </div>
            <PageTitle className={classes.title}>{name}</PageTitle>
            <Text size="sm" c="dimmed" lineClamp={3}>
              {row?.metadata.description}
            </Text>
            <Button
              component={Link}
              href={entityHref(id)}
              variant="default"
              size="xs"
              w="fit-content"
              mt={4}
              leftSection={<IconBook size={15} stroke={1.6} aria-hidden />}
            >
              Open its page
            </Button>
          </Stack>
          {neighbours.error !== undefined && (
            <ErrorNotice error={neighbours.error} title="The neighbours cannot be read" />
          )}
          {isReady && neighbourhood.groups.length === 0 && (
            <Text c="dimmed">Nothing is related to it yet.</Text>
          )}
          <nav aria-label="Neighbours">
            {neighbourhood.groups.map((group) => (
              <Neighbours key={`${group.type} ${group.isOutgoing}`} group={group} />
            ))}
          </nav>
        </div>
      </div>
    </Page>
  )
}

function Neighbours({ group }: { readonly group: NeighbourGroup }): ReactNode {
  const hiddenCount = group.count - group.nodes.length
  return (
    <section className={classes.group}>
      <h2 className={classes.groupName}>
        {group.isOutgoing ? group.type : `${group.type}, to it`}
      </h2>
      <ul className={classes.list}>
        {group.nodes.map((node) => (
          <li key={node.id}>
            <Link href={graphHref(node.id)} className={classes.neighbour}>
              <span
                className={classes.dot}
                style={{ background: `var(--mantine-color-${colorOfType(node.type)}-5)` }}
              />
              {node.name}
            </Link>
          </li>
        ))}
        {hiddenCount > 0 && (
          <li className={classes.more}>and {formatCount(hiddenCount)} more on its page</li>
        )}
      </ul>
    </section>
  )
}
