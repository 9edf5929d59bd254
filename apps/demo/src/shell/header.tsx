import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import {
  IconActivity,
  IconDatabase,
  IconHistory,
  IconHome,
  IconMenu2,
  IconPlus,
  IconRefresh,
  IconTimeline,
} from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { entityHref } from '../data/entity.ts'
import { CreateEntityModal } from '../entity/create-entity-modal.tsx'
import { EveryoneHere } from '../presence/people.tsx'
import { EntitySearch } from '../search/entity-search.tsx'
import { SyncBadge } from '../sync/sync-badge.tsx'
import { UndoButtons, UndoMenuItems } from '../undo/undo-buttons.tsx'
import classes from './shell.module.css'
import { ThemeToggle } from './theme-toggle.tsx'

const PAGES = [
  { href: '/', label: 'Home', Icon: IconHome },
  { href: '/live', label: 'Live', Icon: IconActivity },
  { href: '/events', label: 'Events', Icon: IconTimeline },
  { href: '/history', label: 'History', Icon: IconHistory },
  { href: '/sync', label: 'Sync', Icon: IconRefresh },
  { href: '/storage', label: 'Storage', Icon: IconDatabase },
] as const

/** Brand, search, pages, undo. Below 960 px pages and undo are in a menu. */
export function Header(): ReactNode {
  const [location, navigate] = useLocation()
  const [isCreating, setIsCreating] = useState(false)
  return (
    <div className={classes.bar}>
      <Link href="/" className={classes.brand} aria-label="WordNet Explorer, start">
        <img src="/icon.svg" alt="" width={28} height={28} />
        <span className={classes.brandName}>WordNet Explorer</span>
      </Link>
      <EntitySearch
        label="Search entities"
        placeholder="Search words"
        hasShortcut
        onPick={(entity) => navigate(entityHref(entity.id))}
      />
      <div className={classes.nav}>
        <nav aria-label="Pages" className={classes.wide}>
          {PAGES.map(({ href, label }) => (
            <Link
              key={href}
              href={href}
              className={classes.navLink}
              aria-current={location === href ? 'page' : undefined}
            >
              {label}
            </Link>
          ))}
        </nav>
        <div className={classes.faces}>
          <EveryoneHere />
        </div>
        <SyncBadge />
        <div className={classes.wide}>
          <UndoButtons />
        </div>
        <Tooltip label="New entity">
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label="New entity"
            onClick={() => setIsCreating(true)}
          >
            <IconPlus size={20} stroke={1.6} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <ThemeToggle />
        <div className={classes.narrow}>
          <Menu position="bottom-end" width={180}>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Pages">
                <IconMenu2 size={20} stroke={1.6} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {PAGES.map(({ href, label, Icon }) => (
                <Menu.Item
                  key={href}
                  component={Link}
                  href={href}
                  leftSection={<Icon size={16} stroke={1.6} aria-hidden />}
                >
                  {label}
                </Menu.Item>
              ))}
              <Menu.Divider />
              <UndoMenuItems />
            </Menu.Dropdown>
          </Menu>
        </div>
      </div>
      <CreateEntityModal isOpen={isCreating} onClose={() => setIsCreating(false)} />
    </div>
  )
}
