import { serveJobs } from '@inner-universe/client/jobs/worker'

serveJobs()
