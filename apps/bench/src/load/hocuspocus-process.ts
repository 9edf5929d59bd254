// Entry: a Hocuspocus server without a database, on the port and host of its environment.
import { Server } from '@hocuspocus/server'

const server = new Server({
  address: process.env.HOST ?? '127.0.0.1',
  port: Number(process.env.PORT),
  quiet: true,
})
await server.listen()
