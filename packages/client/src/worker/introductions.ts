/**
 * How other tabs reach this worker: it answers `seek` on the announcement channel, takes ports that
 * the broker hands on, and opens links over a channel of its own for tabs without a broker.
 */
import {
  type Announcement,
  announcementChannel,
  broadcastLinkChannel,
  parseAnnouncement,
} from '../rpc/announcement.ts'
import { broadcastLink, broadcastSender, type Link, portLink } from '../rpc/link.ts'

/** What a leader's worker says and hears. */
export interface IntroductionsOptions {
  readonly name: string
  readonly leaderId: string
  readonly onLink: (link: Link) => void
  /** Asks the page for a broker; `introduce` is its answer. */
  readonly onBrokerWanted: () => void
}

/** Time the page gets to fetch a broker before followers are told there is none, in ms. */
const BROKER_FETCH_MS_MAX = 1_000

/** The leader's worker as other tabs find it. */
export class Introductions {
  readonly #options: IntroductionsOptions
  readonly #announcements: BroadcastChannel
  readonly #links: BroadcastChannel
  readonly #peers = new Set<string>()
  /** Undefined: never asked for; `asked`: under way. */
  #broker: { readonly url: string | null } | 'asked' | undefined

  constructor(options: IntroductionsOptions) {
    this.#options = options
    const { name, leaderId, onLink } = options
    this.#links = new BroadcastChannel(broadcastLinkChannel(leaderId))
    this.#links.onmessage = ({ data }) => {
      const first = broadcastSender(data, leaderId)
      if (first === undefined || this.#peers.has(first.from)) return
      this.#peers.add(first.from)
      const link = broadcastLink(this.#links, leaderId, first.from)
      onLink(link)
      // Heard here before the link could hear it.
      link.data.onMessage(first.message)
    }
    this.#announcements = new BroadcastChannel(announcementChannel(name))
    this.#announcements.onmessage = ({ data }) => {
      if (parseAnnouncement(data)?.kind === 'seek') this.#answer()
    }
    this.#announce()
  }

  /** Takes the port of the broker, which has begun to answer when its first message comes. */
  introduce(port: MessagePort | null, url: string): void {
    if (port === null) {
      this.#settle(null)
      return
    }
    port.onmessage = ({ ports }) => {
      const [data, commands] = ports
      if (data !== undefined && commands !== undefined)
        this.#options.onLink(portLink(data, commands))
      else this.#settle(url)
    }
    port.postMessage('lead')
  }

  close(): void {
    this.#announcements.close()
    this.#links.close()
  }

  #answer(): void {
    if (this.#broker === undefined) {
      this.#broker = 'asked'
      this.#options.onBrokerWanted()
      setTimeout(() => this.#settle(null), BROKER_FETCH_MS_MAX)
    } else if (this.#broker !== 'asked') {
      this.#announce()
    }
  }

  /** The first answer counts: followers have acted on it. */
  #settle(url: string | null): void {
    if (this.#broker !== 'asked') return
    this.#broker = { url }
    this.#announce()
  }

  #announce(): void {
    const { leaderId } = this.#options
    const brokerUrl = typeof this.#broker === 'object' ? this.#broker.url : undefined
    this.#announcements.postMessage({ kind: 'leader', leaderId, brokerUrl } satisfies Announcement)
  }
}
