export { type ServeJobsOptions, serveJobs } from './serve-jobs.ts'
