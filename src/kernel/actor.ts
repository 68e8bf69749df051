/** Who acts: an API key, the operator at the command line, or the system itself (with the module that acts). */
export type Actor = { kind: 'key'; id: string } | { kind: 'operator'; id: string } | { kind: 'system'; id: string }
