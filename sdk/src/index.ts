/**
 * A client for Vouch's HTTP interface, for Node 20 and newer and for browsers. It needs `fetch` and nothing else.
 * It promises that a payment is decided once however often it had to be sent, that every wait has an end, and names in
 * camel case everywhere but in documents. It refuses to follow redirects, which would carry the key elsewhere.
 */
export type { Answer, CallOptions, ClientOptions, Input, RouteName } from './call.ts'
export { createClient, type Evaluation, type Payment, type Vouch } from './client.ts'
export { type ProblemCode, VouchProblem, VouchUnreachable } from './problem.ts'
export type * from './wire.ts'
