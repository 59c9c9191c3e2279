/** Version of the table below; it stands in every event that it priced. */
export const PRICE_TABLE_VERSION = '2026-11-21'

/** Input, cached input and output, each in US dollars per million tokens, as decimal text. A dash: no price of its own. */
type Row = readonly [input: string, cachedInput: string, output: string]

/**
 * List prices by provider and model id. Only models with one flat price: context tiers and service tiers are not in this table,
 * and a model that is not here is `unpriced` until the configuration gives its price.
 * Sources: the providers' public price pages, compared with @pydantic/genai-prices 0.1.8 (MIT) on 2026-11-21.
 */
export const PRICES: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  openai: {
    'gpt-3.5-turbo': ['0.5', '-', '1.5'],
    'gpt-4.1': ['2', '0.5', '8'],
    'gpt-4.1-mini': ['0.4', '0.1', '1.6'],
    'gpt-4.1-nano': ['0.1', '0.025', '0.4'],
    'gpt-4o': ['2.5', '1.25', '10'],
    'gpt-4o-mini': ['0.15', '0.075', '0.6'],
    'gpt-5': ['1.25', '0.125', '10'],
    'gpt-5-mini': ['0.25', '0.025', '2'],
    'gpt-5-nano': ['0.05', '0.005', '0.4'],
    'gpt-5.1': ['1.25', '0.125', '10'],
    'gpt-5.2': ['1.75', '0.175', '14'],
    o3: ['2', '0.5', '8'],
    'o3-mini': ['1.1', '0.55', '4.4'],
    'o4-mini': ['1.1', '0.275', '4.4'],
  },
  groq: {
    'llama-3.1-8b-instant': ['0.05', '-', '0.08'],
    'llama-3.3-70b-versatile': ['0.59', '-', '0.79'],
    'openai/gpt-oss-120b': ['0.15', '0.075', '0.6'],
    'openai/gpt-oss-20b': ['0.075', '0.0375', '0.3'],
  },
  xai: {
    'grok-3': ['3', '0.75', '15'],
    'grok-3-mini': ['0.3', '0.075', '0.5'],
    'grok-4': ['3', '0.75', '15'],
    'grok-4-fast': ['0.2', '0.05', '0.5'],
  },
}
