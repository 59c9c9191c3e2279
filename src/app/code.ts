/**
 * Code that is loaded where the configuration asks for it: a gateway that does not run and guards that nobody has take no memory. `require`
 * runs at once, as a configuration is read and compiled in one turn; what was loaded once is not loaded again.
 */
export const code = {
  modelsConfig: () => require('../models/config.ts') as typeof import('../models/config.ts'),
  modelsCatalog: () => require('../models/catalog.ts') as typeof import('../models/catalog.ts'),
  models: () => require('./compose-models.ts') as typeof import('./compose-models.ts'),
  toolsConfig: () => require('../tools/config.ts') as typeof import('../tools/config.ts'),
  tools: () => require('../tools/index.ts') as typeof import('../tools/index.ts'),
  agentsConfig: () => require('../agents/config.ts') as typeof import('../agents/config.ts'),
  agents: () => require('../agents/index.ts') as typeof import('../agents/index.ts'),
  guardsConfig: () => require('../stages/guards/config.ts') as typeof import('../stages/guards/config.ts'),
  guards: () => require('../stages/guards/compile.ts') as typeof import('../stages/guards/compile.ts'),
  tokens: () => require('../control/jwt/tokens.ts') as typeof import('../control/jwt/tokens.ts'),
  priceDesk: () => require('./price-desk.ts') as typeof import('./price-desk.ts'),
  builtInConfig: () => require('./built-in-config.ts') as typeof import('./built-in-config.ts'),
  sandbox: () => require('./sandbox/index.ts') as typeof import('./sandbox/index.ts'),
}
