type Environment = Readonly<Record<string, string | undefined>>

/**
 * An environment in which every name has a value, for commands that look at a configuration and send nothing: the keys of providers are in the
 * shell that starts the gateway, and in no other. What is missing is made up, each by itself, as two keys are two ways to a model.
 * @param onMissing takes the names that were asked for and are not set
 */
export function withoutSecrets(env: Environment, onMissing: (name: string) => void = () => {}): Environment {
  const get = (known: Environment, name: string | symbol): unknown => {
    const value: unknown = Reflect.get(known, name)
    if (value !== undefined) return value
    onMissing(String(name))
    return `not-set-${String(name)}`
  }
  return new Proxy(env, { get, has: () => true })
}
