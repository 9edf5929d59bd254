// Worker of the browser tests: serves one job.
import { serveJobs } from '../jobs/worker/index.ts'

serveJobs()
