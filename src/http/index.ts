/**
 * HTTP: the edge.
 * Promises: every request makes the same stops; every limit is set; every answer has the security headers, a request id and
 * its schema's fields alone; what is wrong is a problem document that says what, where and how to mend it.
 * Refuses: bodies before a valid key (but where one signs up), unknown fields, other types, duplicate keys, text that is not UTF-8.
 * Needs: route tables, keys, access, limits, telemetry.
 */
export { withBatch } from './batch.ts'
export { controls } from './controls.ts'
export { llmsRoutes } from './llms.ts'
export { readJson } from './read-json.ts'
export { createServer, edgeLimits, type ServerNeeds } from './server.ts'
export { systemRoutes } from './system-routes.ts'
export { Problem, type ProblemPage } from './problem.ts'
export { compileValidator } from './validate.ts'
