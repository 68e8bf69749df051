import type { Control } from '#kernel/control'

export const controls = (): Control[] => []
