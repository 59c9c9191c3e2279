import type { z } from 'zod'
import { accessSection } from '../control/access-config.ts'
import type { ConfigOf } from '../control/config/schema.ts'
import { serverSections } from '../control/config/server-section.ts'
import { moneySection } from '../control/money-config.ts'
import type { Section } from '../core/section.ts'
import { code } from './code.ts'

/** Every section of the configuration file, in the order in which they are documented. A layer adds one line. */
export const SECTIONS = [
  ...serverSections,
  loaded('models', () => code.modelsConfig().modelsSection, undefined),
  loaded('tools', () => code.toolsConfig().toolsSection, undefined),
  loaded('agents', () => code.agentsConfig().agentsSection, undefined),
  loaded('guards', () => code.guardsConfig().guardsSection, {}),
  accessSection,
  moneySection,
] as const

/** A checked configuration of all sections. */
export type Config = ConfigOf<typeof SECTIONS>

/** A section whose code is loaded where a file has its key. @param leftOut what stands for it where a file has not */
function loaded<const Name extends string, Each extends Section & { readonly name: Name }>(
  name: Name,
  load: () => Each,
  leftOut: z.output<Each['schema']>,
) {
  return {
    name,
    leftOut: { config: leftOut },
    get schema(): Each['schema'] {
      return load().schema
    },
    check: (config: z.output<Each['schema']>, written: Readonly<Record<string, unknown>>) => load().check(config, written),
  }
}
